"""Stripe exports of a few customers, written by hand: objects, their events and their bills."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
TABLES = ("customers", "products", "prices", "coupons", "subscriptions", "events", "invoices")


def at(day: str) -> int:
    """The unix seconds at which a day begins."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


class Exports:
    """What a company exports from Stripe, and the accounts of its CRM."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.accounts: list[str] = []
        self.rows: dict[str, list[Row]] = {table: [] for table in TABLES}
        self.lines: list[Row] = []
        self.events = 0

    def customer(self, account: str, discount: Row | None = None) -> str:
        """A customer of an account, with the discount it has today."""
        self.accounts.append(account)
        customer = f"cus_{account}"
        self.rows["customers"].append(
            {
                "id": customer,
                "name": account,
                "created": at("2024-01-01"),
                "metadata": {"crm_account_id": account},
                "discount": discount,
            }
        )
        return customer

    def price(
        self,
        name: str,
        minor: int,
        *,
        interval: str = "month",
        product: str = "prod_core",
        currency: str = "usd",
        usage_type: str = "licensed",
    ) -> Row:
        """A price; the same name is the same price."""
        row = {
            "id": f"price_{name}",
            "product": product,
            "currency": currency,
            "unit_amount": minor,
            "unit_amount_decimal": str(minor),
            "type": "recurring",
            "billing_scheme": "per_unit",
            "recurring": {"interval": interval, "interval_count": 1, "usage_type": usage_type},
            "created": at("2024-01-01"),
            "active": True,
        }
        if row not in self.rows["prices"]:
            self.rows["prices"].append(row)
        return row

    def subscription(
        self,
        account: str,
        *prices: Row,
        start: str = "2025-01-01",
        discount: Row | None = None,
        discounts: list | None = None,
        item_discounts: dict[int, list] | None = None,
        changes: dict[str, Row] | None = None,
        untold: dict[str, Row] | None = None,
        event: bool = True,
        customer_discount: Row | None = None,
        single: Row | None = None,
    ) -> str:
        """An active subscription of a new customer, its creation and its changes as events.

        What changes untold shows in later events and in the object, but in no event of its own.
        """
        name = f"sub_{account}"
        customer = self.customer(account, customer_discount)
        items = [
            {
                "id": f"si_{account}_{number}",
                "price": price,
                "quantity": 1 if price["recurring"]["usage_type"] == "licensed" else None,
                "discounts": (item_discounts or {}).get(number, []),
            }
            for number, price in enumerate(prices)
        ]
        row: Row = {
            "id": name,
            "customer": customer,
            "status": "active",
            "created": at(start),
            "start_date": at(start),
            "currency": prices[0]["currency"],
            "items": {"object": "list", "data": items, "has_more": False},
            "current_period_start": at(start),
            "current_period_end": at("2026-01-01"),
        }
        if discounts is None:
            row["discount"] = discount
        else:
            row["discounts"] = discounts
            row["discount"] = single
        if event:
            self.event("customer.subscription.created", start, row)
        for day, change in sorted({**(changes or {}), **(untold or {})}.items()):
            before = {key: row.get(key) for key in change}
            row = row | change
            if day in (changes or {}):
                self.event("customer.subscription.updated", day, row, before)
        self.rows["subscriptions"].append(row)
        return name

    def event(self, kind: str, day: str, row: Row, before: Row | None = None) -> None:
        """Something that changed."""
        self.events += 1
        data = {"object": row} | ({"previous_attributes": before} if before is not None else {})
        self.rows["events"].append(
            {
                "id": f"evt_{self.events:04}",
                "type": kind,
                "created": at(day) + 60,
                "livemode": True,
                "data": data,
            }
        )

    def bill(
        self,
        account: str,
        start: str,
        end: str,
        *lines: tuple[int, Row, list[tuple[Any, int]]],
        discounts: list | None = None,
    ) -> None:
        """An invoice for a period: item number, price, and what each discount takes off."""
        invoice = f"in_{account}_{start}"
        total = 0
        for number, price, taken in lines:
            total += price["unit_amount"] - sum(minor for _, minor in taken)
            self.lines.append(
                {
                    "id": f"il_{account}_{start}_{number}",
                    "invoice": invoice,
                    "amount": price["unit_amount"],
                    "currency": price["currency"],
                    "period": {"start": at(start), "end": at(end)},
                    "price": price,
                    "proration": False,
                    "quantity": 1,
                    "subscription": f"sub_{account}",
                    "subscription_item": f"si_{account}_{number}",
                    "type": "subscription",
                    "discounts": [],
                    "discount_amounts": [
                        {"discount": discount, "amount": minor} for discount, minor in taken
                    ],
                }
            )
        self.rows["invoices"].append(
            {
                "id": invoice,
                "customer": f"cus_{account}",
                "subscription": f"sub_{account}",
                "status": "paid",
                "created": at(start) + 120,
                "currency": lines[0][1]["currency"],
                "subtotal": total,
                "tax": 0,
                "total": total,
                "amount_paid": total,
                "amount_remaining": 0,
                "status_transitions": {"paid_at": at(start) + 180},
                "discounts": discounts or [],
            }
        )

    def write(self, folder: Path) -> dict[str, Path]:
        """The folders of the exports, by source."""
        stripe, crm = folder / "stripe", folder / "crm"
        for place in (stripe, crm):
            place.mkdir(parents=True)
        self.rows["products"] = [
            {"id": product, "name": product, "created": at("2024-01-01")}
            for product in sorted({price["product"] for price in self.rows["prices"]})
        ]
        for table, rows in {**self.rows, "invoice_line_items": self.lines}.items():
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (stripe / f"{table}.jsonl").write_text(text, encoding="utf-8")
        accounts = "".join(f"{name},{name},SMB,2024-01-01T00:00:00Z\n" for name in self.accounts)
        files = {
            "accounts": "account_id,account_name,segment,created_at\n" + accounts,
            "fx_rates": "currency,valid_from,rate_to_reporting\n"
            "EUR,2024-01-01,1.1\nJPY,2024-01-01,0.0067\n",
            "subscriptions": "subscription_id,account_id,status,started_at\n"
            f"dummy,{self.accounts[0]},active,2024-01-01T00:00:00Z\n",
            "subscription_items": "subscription_item_id,subscription_id,valid_from,quantity,"
            "unit_amount,billing_interval\nd,dummy,2024-01-01,0,0,month\n",
        }
        for table, text in files.items():
            (crm / f"{table}.csv").write_text(text, encoding="utf-8")
        return {"files": crm, "stripe": stripe}


def coupon(name: str, *, duration: str = "forever", **terms: Any) -> Row:
    """A coupon."""
    return {
        "id": name,
        "percent_off": None,
        "amount_off": None,
        "currency": None,
        "duration": duration,
        "duration_in_months": None,
        **terms,
    }


def discount(name: str, of: Row | str, start: str = "2025-01-01", **more: Any) -> Row:
    """A discount of a coupon, as API versions up to 2025-09-30 write it."""
    end = more.pop("end", None)
    return {
        "id": f"di_{name}",
        "object": "discount",
        "coupon": of,
        "start": at(start),
        "end": at(end) if end else None,
        "subscription": None,
        **more,
    }
