"""The demo company's Stripe exports as API version 2026-08-26.dahlia would write them.

By default, and with what an export can ask for: ``expand[]=data.discounts.source.coupon`` on
subscriptions and invoices, and ``expand[]=data.payments`` on invoices. Events are never expanded.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Row = dict
PERIOD = ("current_period_start", "current_period_end")


def read(path: Path) -> Iterator[Row]:
    """The rows of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def discounts_of(row: Row) -> list[Row] | None:
    """The discounts of a subscription of either shape; none where it does not say."""
    if "discounts" in row:
        return row["discounts"]
    if "discount" in row:
        return [row["discount"]] if row["discount"] else []
    return None


class Writer:
    """Writes the exports of one folder into another one."""

    def __init__(self, source: Path, *, is_expanded: bool) -> None:
        """Collect the discounts, of which later versions show only the ids."""
        self.source = source
        self.is_expanded = is_expanded
        self.discounts: dict[str, Row] = {}
        self.on_invoices: dict[str, dict[str, None]] = {}
        for event in read(source / "events.jsonl"):
            for discount in discounts_of(event["data"]["object"]) or []:
                source_of = {"type": "coupon", "coupon": discount["coupon"]}
                rest = {key: value for key, value in discount.items() if key != "coupon"}
                self.discounts[discount["id"]] = {**rest, "source": source_of}
        for line in read(source / "invoice_line_items.jsonl"):
            named = self.on_invoices.setdefault(line["invoice"], {})
            named.update({amount["discount"]: None for amount in line["discount_amounts"]})

    def listed(self, ids: Iterable[str], *, is_event: bool = False) -> list:
        """Discounts as a list has them."""
        if is_event or not self.is_expanded:
            return list(ids)
        return [self.discounts[key] for key in ids]

    @staticmethod
    def lasting(discounts: list[Row]) -> list[str]:
        """Discounts that a subscription keeps: a ``once`` coupon goes with its invoice."""
        return [row["id"] for row in discounts if row["coupon"]["duration"] != "once"]

    def subscription(self, row: Row, *, is_event: bool = False) -> Row:
        """Periods on the items, a list of discounts."""
        row = dict(row)
        discounts = discounts_of(row)
        row.pop("discount", None)
        if discounts is not None:
            row["discounts"] = self.listed(self.lasting(discounts), is_event=is_event)
        period = {name: row.pop(name) for name in PERIOD if name in row}
        if "items" in row:
            items = [{**item, **period, "discounts": []} for item in row["items"]["data"]]
            row["items"] = {**row["items"], "data": items}
        return row

    def event(self, row: Row) -> Row:
        """The object and what was before."""
        data = {key: self.subscription(part, is_event=True) for key, part in row["data"].items()}
        return {**row, "api_version": "2026-08-26.dahlia", "data": data}

    def invoice(self, row: Row) -> Row:
        """Its subscription below parent, tax as a list, discounts, and payments when asked for."""
        row = dict(row)
        subscription = row.pop("subscription", None)
        if subscription is not None:
            details = {"subscription": subscription, "metadata": {}}
            row["parent"] = {"type": "subscription_details", "subscription_details": details}
        tax = row.pop("tax")
        row["total_excluding_tax"] = row["total"] - tax
        row["total_taxes"] = [{"amount": tax, "tax_behavior": "exclusive"}] if tax else []
        row["discounts"] = self.listed(self.on_invoices.get(row["id"], ()))
        if self.is_expanded:
            payment = {"type": "payment_intent", "payment_intent": intent(row["id"])}
            row["payments"] = {"data": [{"id": f"inpay_{row['id']}", "payment": payment}]}
        return row

    def line(self, row: Row) -> Row:
        """Price below pricing, item and proration below parent."""
        row = dict(row)
        price = row.pop("price", None)
        if price is not None:
            details = {"price": price["id"], "product": price["product"]}
            row["pricing"] = {"type": "price_details", "price_details": details}
        if row.get("pricing"):
            cost = price["unit_amount_decimal"] if price else self.costs[details_of(row)]
            row["pricing"] = {**row["pricing"], "unit_amount_decimal": cost}
        if "proration" in row:
            names = ("subscription", "subscription_item", "proration")
            details = {name: row.pop(name) for name in names}
            kind = "subscription_item_details"
            if details["subscription_item"] is None:
                kind = "invoice_item_details"
                del details["subscription_item"]
            row["parent"] = {"type": kind, kind: details}
            row.pop("type")
        row["discounts"] = [amount["discount"] for amount in row["discount_amounts"]]
        row["taxes"] = []
        return row

    def charge(self, row: Row) -> Row:
        """A payment intent in place of the invoice."""
        row = dict(row)
        row["payment_intent"] = intent(row.pop("invoice"))
        return row

    def write(self, target: Path) -> None:
        """Rewrite every file."""
        target.mkdir(parents=True)
        prices = read(self.source / "prices.jsonl")
        self.costs = {price["id"]: price["unit_amount_decimal"] for price in prices}
        rewrite: dict[str, Callable[[Row], Row]] = {
            "subscriptions": self.subscription,
            "events": self.event,
            "invoices": self.invoice,
            "invoice_line_items": self.line,
            "charges": self.charge,
        }
        for path in self.source.iterdir():
            change = rewrite.get(path.stem, dict)
            with (target / path.name).open("w", encoding="utf-8") as lines:
                lines.writelines(json.dumps(change(row)) + "\n" for row in read(path))


def details_of(line: Row) -> str:
    """The price of a line of the newer shape."""
    return line["pricing"]["price_details"]["price"]


def intent(invoice: str) -> str:
    """The payment intent of an invoice, which all attempts to collect it share."""
    return "pi_" + invoice.removeprefix("in_")
