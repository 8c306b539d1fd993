"""Stripe as its API reference describes it: lists newest first, paged by id, events for 30 days."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from tests.python.connect.server import Answer, FakeServer, Request, Row

KEY = "rk_live_51Hfake"
LISTS = (
    "customers", "products", "prices", "plans", "coupons", "subscriptions", "invoices", "charges",
    "disputes", "events",
)  # fmt: skip
# What is only there when it is asked for.
EXPANDED_ONLY = {
    "prices": ("tiers", "currency_options"),
    "plans": ("tiers",),
    "coupons": ("applies_to", "currency_options"),
    "invoices": ("payments",),
}
TEN = 10


class FakeStripe(FakeServer):
    """An account of Stripe.

    Attributes:
        lists: Objects by list, in the order in which they were created.
        lines: Lines by invoice.
        denied: Lists the key may not see.
        now: The moment it is there; events older than 30 days are gone.
        page: Most objects of a page.
    """

    def __init__(self, now: datetime, page: int = 100) -> None:
        super().__init__()
        self.lists: dict[str, list[Row]] = {name: [] for name in LISTS}
        self.lines: dict[str, list[Row]] = {}
        self.deleted: set[str] = set()
        self.denied: set[str] = set()
        self.now, self.page = now, page
        self.keeps = timedelta(days=30)

    # ---- the company ------------------------------------------------------------------------

    def seed(self, folder: Path) -> None:
        """Take the objects of an export."""
        for name in self.lists:
            path = folder / f"{name}.jsonl"
            if path.is_file():
                lines = path.read_text(encoding="utf-8").splitlines()
                self.lists[name] = [json.loads(line) for line in lines]
        path = folder / "invoice_line_items.jsonl"
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            self.lines.setdefault(line["invoice"], []).append(line)

    def add(self, name: str, row: Row) -> Row:
        """Something new."""
        made = {"created": int(self.now.timestamp()), **row}
        self.lists[name].append(made)
        return made

    def change(self, name: str, key: str, kind: str, /, **changes: object) -> None:
        """Change an object, and tell it by an event."""
        row = self.get(name, key)
        assert row is not None
        row.update(changes)
        self.event(kind, row)

    def event(self, kind: str, row: Row) -> None:
        """Tell something by an event."""
        number = len(self.lists["events"])
        self.add("events", {"id": f"evt_{number}", "type": kind, "data": {"object": dict(row)}})

    def delete_customer(self, key: str) -> None:
        """Delete a customer: what is left can be asked for by its id."""
        row = self.get("customers", key)
        assert row is not None
        self.lists["customers"].remove(row)
        self.deleted.add(key)
        self.event("customer.deleted", row)

    def get(self, name: str, key: str) -> Row | None:
        """An object by its id."""
        return next((row for row in self.lists[name] if row["id"] == key), None)

    # ---- the API ----------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401, "Invalid API Key provided: rk_live_****fake")
        parts = request.path.strip("/").split("/")[1:]
        if parts[0] in self.denied:
            return _error(403, "The provided key does not have the required permissions")
        if parts[0] == "subscription_items":
            found = self.get("subscriptions", request.one("subscription") or "")
            return self._list(request, found["items"]["data"] if found else [], "items", "")
        if len(parts) == 1:
            return self._list(request, self._filtered(parts[0], request), parts[0], "data.")
        if len(parts) == 3:
            return self._list(request, self.lines.get(parts[1], []), "lines", "data.")
        return self._one(request, *parts)

    def _one(self, request: Request, name: str, key: str) -> Answer:
        row = self.get(name, key)
        if row is None and key in self.deleted:
            return Answer({"id": key, "object": "customer", "deleted": True})
        if row is None:
            return _error(404, f"No such object: '{key}'")
        return Answer(self._shown(name, row, request, ""))

    def _filtered(self, name: str, request: Request) -> list[Row]:
        rows = self.lists[name]
        if name == "events":
            oldest = (self.now - self.keeps).timestamp()
            types = request.query.get("types[]")
            assert types is None or len(types) <= 20
            rows = [r for r in rows if r["created"] >= oldest and (not types or r["type"] in types)]
        if name == "subscriptions" and request.one("status") != "all":
            rows = [row for row in rows if row["status"] != "canceled"]
        since = int(request.one("created[gte]") or 0)
        rows = [row for row in rows if row.get("created", since) >= since]
        numbered = list(enumerate(rows))
        numbered.sort(key=lambda item: (item[1].get("created", 0), item[0]), reverse=True)
        return [row for _, row in numbered]

    def _list(self, request: Request, rows: list[Row], name: str, prefix: str) -> Answer:
        limit = int(request.one("limit") or TEN)
        assert limit <= 100
        after = request.one("starting_after")
        ids = [row["id"] for row in rows]
        if after is not None and after not in ids:
            return _error(400, f"No such object: '{after}'")
        begin = ids.index(after) + 1 if after else 0
        end = begin + min(limit, self.page)
        data = [self._shown(name, row, request, prefix) for row in rows[begin:end]]
        return Answer({"object": "list", "data": data, "has_more": end < len(rows), "url": "/"})

    def _shown(self, name: str, row: Row, request: Request, prefix: str) -> Row:
        """An object as a request sees it."""
        expand = request.query.get("expand[]", [])
        assert all(text.count(".") < 4 for text in expand)
        shown = dict(row)
        for part in EXPANDED_ONLY.get(name, ()):
            if f"{prefix}{part}" not in expand:
                shown.pop(part, None)
        asked = any(text.startswith(f"{prefix}discounts") for text in expand)
        if shown.get("discounts") and not asked:
            shown["discounts"] = [each["id"] for each in shown["discounts"]]
        if name == "subscriptions":
            items = row["items"]
            more = {"has_more": True} if len(items["data"]) > TEN else {}
            shown["items"] = {**items, "data": items["data"][:TEN], **more}
        if name == "invoices":
            lines = self.lines.get(row["id"], [])
            shown["lines"] = {"data": lines[:TEN], "has_more": len(lines) > TEN}
        if name == "events":
            shown["pending_webhooks"] = len(self.asked)
        return shown


def _error(status: int, message: str) -> Answer:
    body = {"error": {"type": "invalid_request_error", "message": message}}
    return Answer(body, status=status)
