"""Companies of a few rows, said in code: files with contracts and invoices, and a Stripe export."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def months(first: str, last: str) -> Iterator[tuple[str, str]]:
    """First days of the months from `first` up to, and without, `last`, each with the next one."""
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    while day < end:
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        yield str(day), str(following)
        day = following


@dataclass
class FilesCompany:
    """Tables of a company that brings files; change them, then `write`."""

    accounts: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    subscription_items: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=list)
    invoice_lines: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    fx_rates: list[Row] = field(default_factory=list)

    def account(self, account: str) -> None:
        """Add an account, once."""
        if not any(row["account_id"] == account for row in self.accounts):
            self.accounts.append(
                {"account_id": account, "account_name": account, "created_at": "2023-01-01"}
            )

    def contract(
        self, account: str, price: object = 100, start: str = "2025-01-01", **more: object
    ) -> None:
        """A subscription with one item; names of subscription columns in `more` go to it."""
        self.account(account)
        own = {"ended_at", "currency", "current_term_start", "current_term_end", "status"}
        self.subscriptions.append(
            {
                "subscription_id": f"s_{account}",
                "account_id": account,
                "status": "active",
                "started_at": start,
                **{key: value for key, value in more.items() if key in own},
            }
        )
        self.item(
            account,
            price,
            valid_from=start,
            **{key: value for key, value in more.items() if key not in own},
        )

    def item(self, account: str, price: object, **more: object) -> None:
        """A version of the item of the account's subscription."""
        self.subscription_items.append(
            {
                "subscription_item_id": f"i_{account}",
                "subscription_id": f"s_{account}",
                "quantity": 1,
                "unit_amount": price,
                "billing_interval": "month",
                **more,
            }
        )

    def bill(
        self,
        account: str,
        amount: object,
        first: str,
        last: str,
        *,
        issued: str | None = None,
        status: str = "paid",
        currency: str = "USD",
        **more: object,
    ) -> str:
        """An invoice of one line; returns its id."""
        self.account(account)
        number = f"v_{account}_{len(self.invoices)}"
        self.invoices.append(
            {
                "invoice_id": number,
                "account_id": account,
                "status": status,
                "issued_at": issued or first,
                "total": amount,
                "currency": currency,
            }
        )
        self.invoice_lines.append(
            {
                "invoice_line_id": f"l_{number}",
                "invoice_id": number,
                "amount": amount,
                "period_start": first,
                "period_end": last,
                "subscription_id": f"s_{account}",
                "is_recurring": "true",
                **more,
            }
        )
        return number

    def bill_monthly(
        self,
        account: str,
        amount: object = 100,
        first: str = "2025-01-01",
        last: str = "2025-07-01",
        **more: Any,
    ) -> None:
        """An invoice a month."""
        for start, end in months(first, last):
            self.bill(account, amount, start, end, **more)

    def write(self, folder: Path) -> Path:
        """Write the tables that have rows."""
        for name, rows in vars(self).items():
            if rows:
                write_csv(folder / f"{name}.csv", rows)
        return folder


def write_csv(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows whose columns may differ."""
    rows = list(rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)


def stamp(day: str) -> int:
    """A day as Stripe says it."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def price(name: str, amount: int, *, currency: str = "usd", **more: Any) -> Row:
    """A monthly price of Stripe; `recurring=None` makes it a one-time price."""
    return {
        "id": name,
        "object": "price",
        "product": f"prod_{name}",
        "currency": currency,
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
        "type": "recurring" if more.get("recurring", True) else "one_time",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "billing_scheme": "per_unit",
        "active": True,
        "created": stamp("2023-01-01"),
        "metadata": {},
        **more,
    }


@dataclass
class StripeCompany:
    """A Stripe export beside accounts in files."""

    crm: FilesCompany = field(default_factory=FilesCompany)
    customers: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=list)
    invoice_line_items: list[Row] = field(default_factory=list)
    prices: list[Row] = field(default_factory=list)
    products: list[Row] = field(default_factory=list)
    charges: list[Row] = field(default_factory=list)

    def subscribe(
        self,
        account: str,
        items: list[tuple[Row, int]],
        start: str = "2025-01-01",
        *,
        known: bool = True,
        **more: Any,
    ) -> None:
        """A customer with an active subscription; not `known`: no account in the CRM."""
        if known:
            self.crm.account(account)
        self.customers.append(
            {
                "id": f"cus_{account}",
                "name": account,
                "email": f"billing@{account.lower()}.example",
                "created": stamp("2023-01-01"),
                "currency": items[0][0]["currency"],
                "deleted": False,
                "metadata": {"crm_account_id": account} if known else {},
            }
        )
        for each, _ in items:
            if all(row["id"] != each["id"] for row in self.prices):
                self.prices.append(each)
                self.products.append({"id": each["product"], "name": each["id"], "active": True})
        subscription = {
            "id": f"sub_{account}",
            "object": "subscription",
            "customer": f"cus_{account}",
            "status": "active",
            "created": stamp(start),
            "start_date": stamp(start),
            "currency": items[0][0]["currency"],
            "items": {
                "object": "list",
                "has_more": False,
                "total_count": len(items),
                "data": [
                    {
                        "id": f"si_{account}_{number}",
                        "object": "subscription_item",
                        "created": stamp(start),
                        "price": each,
                        "quantity": quantity,
                        "discounts": [],
                    }
                    for number, (each, quantity) in enumerate(items)
                ],
            },
            "current_period_start": stamp(start),
            "current_period_end": stamp(start),
            "livemode": True,
            "metadata": {},
            **more,
        }
        self.subscriptions.append(subscription)
        self.events.append(
            {
                "id": f"evt_{account}",
                "type": "customer.subscription.created",
                "created": stamp(start),
                "livemode": True,
                "data": {"object": subscription},
            }
        )

    def change(self, account: str, day: str, **changes: Any) -> None:
        """The subscription of an account is another one from that moment on, with its event."""
        place = next(n for n, row in enumerate(self.subscriptions) if row["id"] == f"sub_{account}")
        before = self.subscriptions[place]
        self.subscriptions[place] = before | changes
        self.events.append(
            {
                "id": f"evt_{account}_{len(self.events)}",
                "type": "customer.subscription.updated",
                "created": stamp(day),
                "livemode": True,
                "data": {
                    "object": self.subscriptions[place],
                    "previous_attributes": {key: before.get(key) for key in changes},
                },
            }
        )

    def charge(self, account: str, invoice: str, amount: int, refunded: int) -> None:
        """What was collected for an invoice, and what of it was given back."""
        self.charges.append(
            {
                "id": f"ch_{invoice}",
                "customer": f"cus_{account}",
                "invoice": invoice,
                "amount": amount,
                "amount_refunded": refunded,
                "refunded": amount == refunded,
                "currency": "usd",
                "created": stamp("2025-06-20"),
                "status": "succeeded",
            }
        )

    def invoice(
        self, account: str, day: str, lines: list[Row], *, status: str = "paid", **more: Any
    ) -> str:
        """An invoice; a line says amount, first, last, and what differs from a recurring line."""
        number = f"in_{account}_{len(self.invoices)}"
        total = 0
        for place, line in enumerate(lines):
            each = dict(line)
            off = each.pop("off", 0)
            total += each["amount"] - off
            period = {"start": stamp(each.pop("first")), "end": stamp(each.pop("last"))}
            self.invoice_line_items.append(
                {
                    "id": f"il_{number}_{place}",
                    "invoice": number,
                    "currency": "usd",
                    "description": "",
                    "period": period,
                    "price": None,
                    "proration": False,
                    "quantity": 1,
                    "subscription": f"sub_{account}",
                    "subscription_item": None,
                    "type": "subscription",
                    "discounts": [],
                    "discount_amounts": (
                        [{"amount": off, "discount": f"di_{account}"}] if off else []
                    ),
                    **each,
                }
            )
        self.invoices.append(
            {
                "id": number,
                "customer": f"cus_{account}",
                "subscription": f"sub_{account}",
                "status": status,
                "billing_reason": "subscription_cycle",
                "created": stamp(day),
                "status_transitions": {"finalized_at": stamp(day), "paid_at": stamp(day)},
                "currency": "usd",
                "subtotal": total,
                "tax": 0,
                "total": total,
                "amount_paid": total,
                "amount_remaining": 0,
                "attempt_count": 1,
                **more,
            }
        )
        return number

    def write(self, folder: Path) -> Path:
        """Write `crm/` and `stripe/`, as a case has them."""
        self.crm.contract("none", 0, status="active")
        self.crm.subscription_items[-1]["quantity"] = 0
        self.crm.write(folder / "crm")
        (folder / "stripe").mkdir()
        for name, rows in vars(self).items():
            if name != "crm" and rows:
                text = "".join(json.dumps(row) + "\n" for row in rows)
                (folder / "stripe" / f"{name}.jsonl").write_text(text, encoding="utf-8")
        return folder


def cents(amount: object) -> Decimal:
    """An amount as money is kept."""
    return Decimal(str(amount)).quantize(Decimal("0.01"))
