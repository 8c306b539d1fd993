"""What Stripe's lists do not give by themselves.

Lists can only be asked by day of creation. What changed later is told by events, which Stripe keeps
for 30 days: each changed object is fetched again by its id. After a longer pause everything is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from orchestration.connectors.drop import Row
from orchestration.connectors.fetching import GONE, Fetching, Reader, read_list

# Events go after 30 days; a day less, for the hours a fetch takes.
EVENTS_KEPT = timedelta(days=29)
# Tables of a fetch that name customers.
NAMING_CUSTOMERS = ("subscription", "invoice", "charge")


def _events(fetching: Fetching) -> None:
    """Events, and whether some were missed."""
    if fetching.last and fetching.drop.begun - fetching.last > EVENTS_KEPT:
        fetching.notes.append(
            f"Stripe, events: the last fetch was on {fetching.last:%Y-%m-%d}, and Stripe keeps "
            "events for 30 days. What happened in between is read from invoices; fetch more often"
        )
    read_list(fetching)


def _subscriptions(fetching: Fetching) -> None:
    """Subscriptions with all their items: a list holds the first ones only."""
    for page in fetching.pages():
        for row in page:
            items = row.get("items") or {}
            if items.get("has_more"):
                rest = fetching.api.pages(
                    fetching.resource,
                    {"subscription": row["id"], "limit": 100, "status": None, "expand[]": None},
                    path="subscription_items",
                )
                data = [item for items_page in rest for item in items_page]
                fetching.write(row | {"items": items | {"data": data, "has_more": False}})
            else:
                fetching.write(row)


def _changing(fetching: Fetching) -> None:
    """Objects that were created or that changed since the last fetch."""
    for row in _new_and_changed(fetching):
        fetching.write(row)


def _invoices(fetching: Fetching) -> None:
    """Invoices, and their lines in a table of their own."""
    for row in _new_and_changed(fetching):
        fetching.write(row)
        # Lines of a draft come and go; they are read when the invoice is final.
        if row.get("status") == "draft":
            continue
        for line in _lines(fetching, row):
            fetching.writer.row("invoice_line_item", {"invoice": row["id"], **line})


def _lines(fetching: Fetching, invoice: Row) -> Iterator[Row]:
    """All lines of an invoice: it holds the first ones only."""
    lines = invoice.get("lines") or {}
    if not lines.get("has_more"):
        yield from lines.get("data", [])
        return
    params = {"limit": 100, "expand[]": ["data.discounts"]}
    path = f"invoices/{invoice['id']}/lines"
    for page in fetching.api.pages(fetching.resource, params, path=path):
        yield from page


def _new_and_changed(fetching: Fetching) -> Iterator[Row]:
    """Objects created since the last fetch, then older ones of which an event tells a change."""
    last = fetching.last
    too_long = last is not None and fetching.drop.begun - last > EVENTS_KEPT
    params = fetching.since_params(fetching.start if too_long else None)
    if too_long and fetching.start is None:
        params = {}
    listed = set()
    for page in fetching.api.pages(fetching.resource, params):
        for row in page:
            listed.add(row["id"])
            yield row
    if last is None or too_long:
        return
    for changed in sorted(_changed(fetching) - listed):
        row = _one(fetching, changed)
        # A draft that was deleted; it never counted.
        if row is not None:
            yield row


def _changed(fetching: Fetching) -> set[str]:
    """Ids of the objects that events since the last fetch tell a change of."""
    params = {
        "types[]": fetching.resource.settings["changed_by"],
        "expand[]": None,
        **fetching.since_params(),
    }
    pages = fetching.api.pages(fetching.resource, params, path="events")
    start = fetching.start
    found = (event["data"]["object"] for page in pages for event in page)
    return {
        row["id"] for row in found if start is None or row.get("created", 0) >= start.timestamp()
    }


def _one(fetching: Fetching, key: str) -> Row | None:
    """One object as it is now, as a list would show it."""
    endpoint = fetching.resource.endpoint
    expand = [text.removeprefix("data.") for text in endpoint["params"].get("expand[]", [])]
    params: dict[str, Any] = {"expand[]": expand} if expand else {}
    return fetching.api.one(fetching.resource, f"{endpoint['path']}/{key}", params)


def _customers(fetching: Fetching) -> None:
    """Customers; those that were deleted are in no list, but can be asked for by their id."""
    read_list(fetching)
    named = {
        row.get("customer")
        for table in NAMING_CUSTOMERS
        for row in fetching.drop.rows(table, of_this_fetch=True)
    }
    for key in sorted({*fetching.seen_before, *filter(None, named)}):
        if fetching.is_listed(key):
            continue
        row = None
        if fetching.seen_before.get(key) != GONE:
            row = fetching.api.one(fetching.resource, f"customers/{key}")
        fetching.write_gone(key, row)


READERS: dict[str, Reader] = {
    "events": _events,
    "subscriptions": _subscriptions,
    "invoices": _invoices,
    "charges": _changing,
    "disputes": _changing,
    "customers": _customers,
}
