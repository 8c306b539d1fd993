"""Zendesk as its API reference describes it: incremental exports by cursor, audits by ticket."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

from tests.python.connect.server import Answer, FakeServer, Request, Row

EMAIL, TOKEN = "ops@example.com", "zen-token"


class FakeZendesk(FakeServer):
    """An account of Zendesk.

    Attributes:
        organizations: Those that were not deleted.
        users: All.
        tickets: All, deleted ones with that status.
        audits: By ticket, the oldest first.
        page: Most rows of a page.
    """

    def __init__(self, page: int = 100) -> None:
        super().__init__()
        self.organizations: list[Row] = []
        self.users: list[Row] = []
        self.tickets: list[Row] = []
        self.audits: dict[int, list[Row]] = {}
        self.denied = ""
        self.page = page
        self._number = 5_000_000

    # ---- the company ------------------------------------------------------------------------

    def seed(self, folder: Path, tickets: int | None = None) -> None:
        """Take the objects of an export; its history and comments become audits."""
        self.organizations = _read(folder / "organizations.jsonl")
        self.users = _read(folder / "users.jsonl")
        for row in _read(folder / "tickets.jsonl")[:tickets]:
            channel, category = row.pop("via_channel"), row.pop("category")
            fields = [{"id": 99, "value": category}]
            self.tickets.append({**row, "via": {"channel": channel}, "custom_fields": fields})
            self.audits[row["id"]] = []
        for row in _read(folder / "ticket_field_history.jsonl"):
            event = {"type": "Change", "field_name": row["field_name"], "value": row["value"]}
            self.audit(row["ticket_id"], row["updated"], row.get("user_id"), event)
        for row in _read(folder / "ticket_comments.jsonl"):
            event = {"id": row["id"], "type": "Comment", "body": "…", "public": row["public"]}
            event["author_id"] = row["author_id"]
            self.audit(row["ticket_id"], row["created_at"], row["author_id"], event)

    def audit(self, ticket: int, at: str, author: int | None, *events: Row) -> None:
        """Something that was done to a ticket, if it is here."""
        if ticket not in self.audits:
            return
        self._number += 1
        for event in events:
            self._number += 1
            event.setdefault("id", self._number)
        audit = {"id": self._number, "ticket_id": ticket, "created_at": at, "author_id": author}
        self.audits[ticket].append(audit | {"events": list(events)})

    def change(self, key: int, at: str, **changes: object) -> None:
        """Change a ticket: the row, and an audit of it."""
        row = next(row for row in self.tickets if row["id"] == key)
        events = [
            {"type": "Change", "field_name": name, "value": value, "previous_value": row[name]}
            for name, value in changes.items()
        ]
        row.update(changes, updated_at=at)
        self.audit(key, at, 1, *events)

    # ---- the API ----------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        expected = base64.b64encode(f"{EMAIL}/token:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return Answer({"error": "Couldn't authenticate you"}, status=401)
        path = request.path.removeprefix("/api/v2/")
        if self.denied and path.startswith(self.denied):
            return Answer({"error": {"title": "Forbidden"}}, status=403)
        if path.startswith("incremental/"):
            return self._export(request, path.split("/")[1])
        if path.startswith("tickets/"):
            key = int(path.split("/")[1])
            ticket = next((row for row in self.tickets if row["id"] == key), None)
            if ticket is None or ticket["status"] == "deleted":
                return Answer({"error": "RecordNotFound"}, status=404)
            return self._list(request, "audits", self.audits[key])
        return self._list(request, "organizations", self.organizations)

    def _export(self, request: Request, name: str) -> Answer:
        rows = sorted(getattr(self, name), key=lambda row: (row["updated_at"], row["id"]))
        cursor = request.one("cursor")
        if cursor:
            assert request.one("start_time") is None
            place = tuple(json.loads(cursor))
            rows = [row for row in rows if (row["updated_at"], row["id"]) > place]
        else:
            since = datetime.fromtimestamp(int(request.one("start_time") or ""), tz=UTC)
            rows = [row for row in rows if datetime.fromisoformat(row["updated_at"]) >= since]
        shown = rows[: self.page]
        last = [shown[-1]["updated_at"], shown[-1]["id"]] if shown else ["9999", 0]
        after = cursor if cursor and not shown else json.dumps(last)
        end = len(shown) == len(rows)
        return Answer({name: shown, "after_cursor": after, "end_of_stream": end})

    def _list(self, request: Request, name: str, rows: list[Row]) -> Answer:
        size = min(int(request.one("page[size]") or 0), self.page)
        assert size
        begin = int(request.one("page[after]") or 0)
        end = begin + size
        meta = {"has_more": end < len(rows), "after_cursor": str(end)}
        return Answer({name: rows[begin:end], "meta": meta, "links": {"next": "…"}})


def _read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
