"""Chargebee's lists, whose rows stand in an object of their kind; and what is not read of them."""

from __future__ import annotations

from orchestration.connectors.drop import Row
from orchestration.connectors.fetching import Fetching, Reader
from orchestration.connectors.road import ConnectError

OVER = ("cancelled", "transferred")


def _objects(fetching: Fetching) -> None:
    """Objects that changed."""
    kind = fetching.resource.settings["object"]
    discounted: list[str] = []
    for page in fetching.pages():
        for found in page:
            row = found[kind]
            if kind == "subscription":
                _refuse_old_catalog(row)
                if _is_discounted(row):
                    discounted.append(row["id"])
            fetching.write(row)
    if discounted:
        fetching.notes.append(
            f"Chargebee, subscriptions: {len(discounted)} of those that changed have coupons or"
            f" discounts (for example {discounted[0]}), which are not read: their items are told"
            " before them"
        )


def _refuse_old_catalog(row: Row) -> None:
    """See that a subscription has items.

    Raises:
        ConnectError: It is one of product catalog 1.0, whose plans and addons are not read.
    """
    if row.get("plan_id") and not row.get("subscription_items"):
        raise ConnectError(
            f"Chargebee, subscriptions: {row['id']} has a plan and no items: the site has product"
            " catalog 1.0, of which only exports are read (docs/connect/files/chargebee.md)"
        )


def _is_discounted(row: Row) -> bool:
    is_over = row.get("status") in OVER or row.get("deleted")
    return not is_over and bool(row.get("coupons") or row.get("discounts"))


READERS: dict[str, Reader] = dict.fromkeys(
    ("items", "item prices", "customers", "subscriptions", "invoices"), _objects
)
