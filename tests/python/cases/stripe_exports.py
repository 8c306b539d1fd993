"""Stripe exports of a few subscriptions, written by hand: one account per situation.

export = StripeExport(tmp_path)
was = export.subscription("paused", status="active")
export.event("created", was, on="2024-07-01")
export.object(was | {"status": "paused"})
built = build(tmp_path / "home", export.write(), sources=SOURCES)
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SOURCES = {
    "crm": ["files"],
    "billing": ["stripe", "files"],
    "product": ["files"],
    "support": ["files"],
    "feedback": ["files"],
}
PRICE = {
    "id": "price_100",
    "product": "prod_core",
    "currency": "usd",
    "unit_amount": 10000,
    "unit_amount_decimal": "10000",
    "billing_scheme": "per_unit",
    "type": "recurring",
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    "created": 1704067200,
    "metadata": {},
}
Row = dict[str, Any]


def unix(day: str) -> int:
    """Unix seconds of a day, or of a moment of it."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


class StripeExport:
    """What was exported of one company; a seat costs 100.00 a month, 1,200.00 a year."""

    def __init__(self, folder: Path) -> None:
        """Start an empty export."""
        self.folder = folder
        self.accounts: dict[str, None] = {}
        self.tables: dict[str, list[Row]] = {
            name: []
            for name in (
                "customers",
                "subscriptions",
                "events",
                "charges",
                "invoices",
                "invoice_line_items",
                "disputes",
            )
        }
        self.tables["products"] = [{"id": "prod_core", "name": "Core", "created": 1704067200}]
        self.tables["prices"] = [PRICE]

    def customer(self, account: str, **more: Any) -> str:
        """An account of the CRM and its customer; its id."""
        self.accounts[account] = None
        row = {
            "id": f"cus_{account}",
            "created": unix("2024-01-01"),
            "livemode": True,
            "metadata": {"crm_account_id": account},
        }
        self.tables["customers"].append(row | more)
        return row["id"]

    def subscription(
        self, account: str, *, seats: int = 1, start: str = "2024-07-01", **more: Any
    ) -> Row:
        """A subscription object of a new account; it is in no table yet."""
        begins = unix(start)
        row = {
            "id": f"sub_{account}",
            "object": "subscription",
            "customer": more.pop("customer", None) or self.customer(account),
            "status": "active",
            "created": begins,
            "start_date": begins,
            "ended_at": None,
            "canceled_at": None,
            "cancel_at": None,
            "cancel_at_period_end": False,
            "cancellation_details": {"comment": None, "feedback": None, "reason": None},
            "trial_start": None,
            "trial_end": None,
            "pause_collection": None,
            "currency": "usd",
            "items": self.items(account, seats),
            "current_period_start": begins,
            "current_period_end": begins + 31 * 86400,
            "livemode": True,
            "metadata": {},
        }
        return row | more

    @staticmethod
    def items(account: str, seats: int) -> Row:
        """The list of items: one, with so many seats."""
        item = {"id": f"si_{account}", "object": "subscription_item", "price": PRICE}
        data = [item | {"quantity": seats, "discounts": []}]
        return {"object": "list", "data": data, "has_more": False, "total_count": 1}

    def object(self, row: Row) -> None:
        """The subscription as it is among the objects."""
        self.tables["subscriptions"].append(row)

    def event(self, kind: str, row: Row, on: str, before: Row | None = None, **more: Any) -> None:
        """An event of a subscription; `before` are its previous attributes."""
        data: Row = {"object": row}
        if before is not None:
            data["previous_attributes"] = before
        number = len(self.tables["events"])
        # Ids say nothing about the order, as Stripe's do within a second.
        event = {
            "id": f"evt_{(number * 7919) % 9973:04d}_{number}",
            "type": f"customer.subscription.{kind}",
            "created": unix(on),
            "api_version": "2024-06-20",
            "livemode": row.get("livemode", True),
            "data": data,
        }
        self.tables["events"].append(event | more)

    def life(
        self, row: Row, changes: list[tuple[str, Row]], *, is_object_left_out: bool = False
    ) -> Row:
        """A creation and updates with all they say, and the object as it is in the end.

        Args:
            row: The object at its creation.
            changes: When, and which attributes changed.
            is_object_left_out: Whether the object is not exported.
        """
        created = datetime.fromtimestamp(row["created"], tz=UTC).replace(tzinfo=None).isoformat()
        self.event("created", row, on=created)
        for on, change in changes:
            before = {key: row[key] for key in change}
            row = row | change
            self.event("updated", row, on=on, before=before)
        if not is_object_left_out:
            self.object(row)
        return row

    def write(self, *, is_newest_first: bool = True) -> dict[str, Path]:
        """Write the folders of both sources; what `build` takes."""
        crm, stripe = self.folder / "crm", self.folder / "stripe"
        crm.mkdir(parents=True, exist_ok=True)
        stripe.mkdir(exist_ok=True)
        accounts = "".join(f"{name},{name},SMB,2024-01-01T00:00:00Z\n" for name in self.accounts)
        (crm / "accounts.csv").write_text(f"account_id,account_name,segment,created_at\n{accounts}")
        first = next(iter(self.accounts))
        (crm / "subscriptions.csv").write_text(
            "subscription_id,account_id,status,started_at\n"
            f"dummy,{first},active,2024-01-01T00:00:00Z\n"
        )
        (crm / "subscription_items.csv").write_text(
            "subscription_item_id,subscription_id,valid_from,quantity,unit_amount,"
            "billing_interval\nd,dummy,2024-01-01,0,0,month\n"
        )
        for name, rows in self.tables.items():
            ordered = rows[::-1] if name == "events" and is_newest_first else rows
            lines = "".join(json.dumps(row) + "\n" for row in ordered)
            if lines:
                (stripe / f"{name}.jsonl").write_text(lines)
        return {"files": crm, "stripe": stripe}
