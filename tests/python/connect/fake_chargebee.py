"""Chargebee as its API reference describes it: lists by time of change, rows in their kind."""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from typing import Any

from tests.python.connect.server import Answer, FakeServer, Request, Row

KEY = "test_read_only"
KINDS = {
    "items": "item",
    "item_prices": "item_price",
    "customers": "customer",
    "subscriptions": "subscription",
    "invoices": "invoice",
}


class FakeChargebee(FakeServer):
    """A site of Chargebee.

    Attributes:
        objects: By list and id; deleted ones say so.
        page: Most rows of a page.
        denied: A list that the key may not see.
    """

    def __init__(self, page: int = 100) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, Row]] = {name: {} for name in KINDS}
        self.page = page
        self.denied = ""

    def put(self, name: str, key: str, at: int, /, **said: Any) -> Row:
        """Make an object or change one."""
        row = self.objects[name].setdefault(
            key, {"id": key, "object": KINDS[name], "deleted": False, "created_at": at}
        )
        row.update(said, updated_at=at, resource_version=at * 1000)
        return row

    def answer(self, request: Request) -> Answer:
        expected = base64.b64encode(f"{KEY}:".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return _error(401, "api_authentication_failed")
        name = request.path.removeprefix("/api/v2/")
        if name == self.denied:
            return _error(403, "api_authorization_failed")
        assert 0 < int(request.one("limit") or 10) <= 100
        assert request.one("include_deleted") == "true"
        assert request.one("sort_by[asc]") == "updated_at"
        rows = sorted(self.objects[name].values(), key=lambda row: (row["updated_at"], row["id"]))
        if after := request.one("updated_at[after]"):
            rows = [row for row in rows if row["updated_at"] > int(after)]
        if offset := request.one("offset"):
            place = tuple(json.loads(offset))
            rows = [row for row in rows if (row["updated_at"], row["id"]) > place]
        shown = rows[: min(self.page, int(request.one("limit") or 10))]
        body: Row = {"list": [self._shown(name, row) for row in shown]}
        if len(shown) < len(rows):
            body["next_offset"] = json.dumps([shown[-1]["updated_at"], shown[-1]["id"]])
        return Answer(body)

    def _shown(self, name: str, row: Row) -> Row:
        shown = {KINDS[name]: deepcopy(row)}
        if name == "subscriptions":
            shown["customer"] = {"id": row["customer_id"]}
        return shown


def _error(status: int, code: str) -> Answer:
    return Answer({"message": "Sorry", "api_error_code": code, "http_status_code": status}, status)
