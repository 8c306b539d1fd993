"""Stripe objects for companies of a few rows, as the API has them, and the folder of an export."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Object = dict[str, Any]
API_VERSION = "2024-06-20"


def seconds(day: str) -> int:
    """Unix seconds of a day, or of a moment of it."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def price(price_id: str, unit_amount: int | None = None, **more: Any) -> Object:
    """A recurring monthly price in dollars; `interval`, `count` and `usage` say otherwise."""
    recurring = {
        "interval": more.pop("interval", "month"),
        "interval_count": more.pop("count", 1),
        "usage_type": more.pop("usage", "licensed"),
    }
    decimal = more.pop("decimal", None if unit_amount is None else str(unit_amount))
    return {
        "id": price_id,
        "object": "price",
        "product": "prod_core",
        "currency": "usd",
        "unit_amount": unit_amount,
        "unit_amount_decimal": decimal,
        "billing_scheme": "tiered" if "tiers_mode" in more else "per_unit",
        "type": "recurring",
        "recurring": recurring,
        "nickname": None,
        "active": True,
        "created": seconds("2024-01-01"),
        "metadata": {},
        **more,
    }


def tier(up_to: int | str | None, unit: Any = None, flat: Any = None) -> Object:
    """A tier; amounts as text are decimal ones."""
    said: Object = {"up_to": up_to}
    for name, amount in (("unit_amount", unit), ("flat_amount", flat)):
        said[f"{name}_decimal"] = None if amount is None else str(amount)
        said[name] = amount if isinstance(amount, int) else None
    return said


def item(item_id: str, its_price: Object | str, quantity: int | None = 1, **more: Any) -> Object:
    """An item of a subscription."""
    said = {"id": item_id, "object": "subscription_item", "price": its_price, "discounts": []}
    if quantity is not None:
        said["quantity"] = quantity
    return said | more


def subscription(account: str, items: list[Object], **more: Any) -> Object:
    """An active subscription of an account since July 2024, in dollars."""
    start = seconds(more.pop("start", "2024-07-01"))
    listed: Object = {"object": "list", "data": items, "has_more": False, "total_count": len(items)}
    return {
        "id": f"sub_{account}",
        "object": "subscription",
        "customer": f"cus_{account}",
        "status": "active",
        "created": start,
        "start_date": start,
        "ended_at": None,
        "canceled_at": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "trial_start": None,
        "trial_end": None,
        "pause_collection": None,
        "currency": "usd",
        "items": listed | more.pop("listed", {}),
        "discount": None,
        "current_period_start": start,
        "current_period_end": None,
        "livemode": True,
        "metadata": {},
        **more,
    }


def event(event_id: str, on: str, what: str, its_object: Object, **previous: Any) -> Object:
    """An event about a subscription."""
    data: Object = {"object": its_object}
    if previous:
        data["previous_attributes"] = previous
    return {
        "id": event_id,
        "object": "event",
        "type": f"customer.subscription.{what}",
        "created": seconds(on),
        "api_version": API_VERSION,
        "livemode": True,
        "data": data,
    }


def line(line_id: str, amount: int, period: tuple[str, str], **more: Any) -> Object:
    """A line of a subscription on an invoice."""
    return {
        "id": line_id,
        "object": "line_item",
        "amount": amount,
        "currency": "usd",
        "period": {"start": seconds(period[0]), "end": seconds(period[1])},
        "price": None,
        "proration": False,
        "quantity": 1,
        "type": "subscription",
        "discounts": [],
        "discount_amounts": [],
        **more,
    }


class Export:
    """A Stripe export in the making, with the accounts and rates of the CRM beside it."""

    def __init__(self) -> None:
        """An export without anything."""
        self.tables: dict[str, list[Object]] = {}
        self.accounts: list[str] = []

    def add(self, table: str, *objects: Object) -> None:
        """Put objects into a table of the export."""
        self.tables.setdefault(table, []).extend(objects)

    def account(self, account: str, currency: str = "usd") -> None:
        """A customer, tied to its account."""
        self.accounts.append(account)
        self.add(
            "customers",
            {
                "id": f"cus_{account}",
                "name": account,
                "created": seconds("2024-01-01"),
                "currency": currency,
                "metadata": {"crm_account_id": account},
            },
        )

    def sell(self, its_subscription: Object, *, listed: bool = True) -> None:
        """A subscription, with the account that has it and the event of its creation."""
        account = its_subscription["customer"].removeprefix("cus_")
        self.account(account, its_subscription.get("currency") or "usd")
        if listed:
            self.add("subscriptions", its_subscription)
        day = datetime.fromtimestamp(its_subscription["created"], UTC).date().isoformat()
        self.add("events", event(f"evt_{account}_1", day, "created", its_subscription))

    def bill(self, account: str, on: str, *lines: Object, **more: Any) -> None:
        """A paid invoice of an account."""
        invoice = f"in_{account}_{on}"
        subscription_id = more.pop("subscription", f"sub_{account}")
        total = sum(each["amount"] for each in lines)
        self.add(
            "invoices",
            {
                "id": invoice,
                "customer": f"cus_{account}",
                "subscription": subscription_id,
                "status": "paid",
                "billing_reason": "subscription_cycle",
                "created": seconds(on),
                "status_transitions": {"finalized_at": seconds(on), "paid_at": seconds(on)},
                "currency": lines[0]["currency"],
                "subtotal": total,
                "tax": 0,
                "total": total,
                "amount_paid": total,
                "amount_remaining": 0,
                "attempt_count": 1,
                **more,
            },
        )
        bound = {"invoice": invoice, "subscription": subscription_id}
        self.add("invoice_line_items", *(bound | each for each in lines))

    def write(self, folder: Path) -> dict[str, Path]:
        """Write the export and the files of the CRM; the folders by source."""
        stripe, crm = folder / "stripe", folder / "crm"
        stripe.mkdir(parents=True)
        crm.mkdir()
        product = {"id": "prod_core", "name": "Core", "active": True, "created": 1, "updated": 1}
        tables = {"products": [product], "subscriptions": [], "events": []} | self.tables
        for table, objects in tables.items():
            text = "".join(json.dumps(each) + "\n" for each in objects)
            (stripe / f"{table}.jsonl").write_text(text, encoding="utf-8")
        accounts = "".join(f"{each},{each},2024-01-01T00:00:00Z\n" for each in self.accounts)
        (crm / "accounts.csv").write_text(
            "account_id,account_name,created_at\n" + accounts, encoding="utf-8"
        )
        rates = {
            "EUR": 1.1,
            "JPY": 0.0067,
            "KWD": 3.25,
            "UGX": 0.00027,
            "ISK": 0.0072,
            "HUF": 0.0027,
            "TWD": 0.031,
        }
        (crm / "fx_rates.csv").write_text(
            "currency,valid_from,rate_to_reporting\n"
            + "".join(f"{currency},2024-01-01,{rate}\n" for currency, rate in rates.items()),
            encoding="utf-8",
        )
        return {"files": crm, "stripe": stripe}
