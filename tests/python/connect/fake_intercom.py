"""Intercom as its API reference describes it: searches by day, parts of one conversation each."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from tests.python.connect.server import Answer, FakeServer, Request, Row

TOKEN = "dG9rOmludGVyY29t"
DAY = 86_400
SHOWN_PARTS, SHOWN_COMPANIES = 500, 10


class FakeIntercom(FakeServer):
    """A workspace of Intercom, whose days are those of UTC.

    Attributes:
        conversations: By id, with all their parts.
        contacts: By id; `companies` is the list of their companies' ids.
        companies: By id; `hidden` has those that no list shows.
        page: Most rows of a page.
        denied: A path that the token may not see.
    """

    def __init__(self, page: int = 150) -> None:
        super().__init__()
        self.conversations: dict[str, Row] = {}
        self.contacts: dict[str, Row] = {}
        self.companies: dict[str, Row] = {}
        self.hidden: set[str] = set()
        self.page = page
        self.denied = ""

    # ---- the company ------------------------------------------------------------------------

    def converse(self, key: str, at: int, state: str = "open", **more: Any) -> Row:
        """Make a conversation or change one."""
        row = self.conversations.setdefault(
            key,
            {
                "type": "conversation",
                "id": key,
                "created_at": at,
                "title": "Secret matter",
                "priority": "not_priority",
                "source": {
                    "type": "conversation",
                    "body": "<p>secret</p>",
                    "author": {"type": "user", "id": "ann"},
                },
                "contacts": {"type": "contact.list", "contacts": []},
                "parts": [],
            },
        )
        row.update(more, state=state, open=state != "closed", updated_at=at)
        return row

    def say(self, key: str, part: str, at: int, kind: str, author: str, **more: Any) -> None:
        """Add a part to a conversation; what only changes its state has no text."""
        row = self.conversations[key]
        row["parts"].append(
            {
                "type": "conversation_part",
                "id": part,
                "part_type": kind,
                "body": "<p>secret</p>" if kind in ("comment", "note") else None,
                "created_at": at,
                "updated_at": at,
                "author": {"type": author, "id": "1"},
                **more,
            }
        )
        row["updated_at"] = max(row["updated_at"], at)

    # ---- the API ----------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:  # noqa: PLR0911 - one per address
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error(401, "unauthorized", "Access Token Invalid")
        assert request.headers.get("Intercom-Version") == "2.14"
        if self.denied and request.path.startswith(self.denied):
            return _error(403, "forbidden", "The token has no permission")
        match request.path.strip("/").split("/"):
            case ["conversations", "search"]:
                return self._search(request)
            case ["contacts", "search"]:
                rows = [self._contact(key) for key in self.contacts]
                return Answer({"type": "list", "data": rows[:1], "pages": {"type": "pages"}})
            case ["companies", "list"]:
                assert request.method == "POST"
                rows = [row for key, row in self.companies.items() if key not in self.hidden]
                return self._numbered(request, rows)
            case ["contacts", key, "companies"]:
                named = [self._company(each) for each in self.contacts[key]["companies"]]
                return self._numbered(request, named)
            case [kind, key]:
                found = getattr(self, kind).get(key)
                if found is None:
                    return _error(404, "not_found", "Resource Not Found")
                shown = {
                    "conversations": self._whole,
                    "contacts": self._contact,
                    "companies": self._company,
                }
                return Answer(shown[kind](key))
        raise AssertionError(request.path)

    def _search(self, request: Request) -> Answer:
        asked = json.loads(request.body)
        query, paging = asked["query"], asked["pagination"]
        assert 0 < paging["per_page"] <= 150
        rows = list(self.conversations.values())
        if query["field"] == "open":
            rows = [row for row in rows if row["open"] == query["value"]]
        else:
            assert (query["field"], query["operator"]) == ("updated_at", ">")
            # A time counts as its day: the next one is the first.
            first = (query["value"] // DAY + 1) * DAY if query["value"] else 0
            rows = [row for row in rows if row["updated_at"] >= first]
        assert asked["sort"] == {"field": "updated_at", "order": "ascending"}
        rows.sort(key=lambda row: (row["updated_at"], row["id"]))
        if after := paging.get("starting_after"):
            place = tuple(json.loads(after))
            rows = [row for row in rows if (row["updated_at"], row["id"]) > place]
        shown = rows[: min(self.page, paging["per_page"])]
        pages: Row = {"type": "pages"}
        if len(shown) < len(rows):
            cursor = json.dumps([shown[-1]["updated_at"], shown[-1]["id"]])
            pages["next"] = {"per_page": paging["per_page"], "starting_after": cursor}
        listed = [{k: v for k, v in row.items() if k != "parts"} for row in shown]
        return Answer({"type": "conversation.list", "conversations": listed, "pages": pages})

    def _numbered(self, request: Request, rows: list[Row]) -> Answer:
        size = min(self.page, int(request.one("per_page") or 15))
        number = int(request.one("page") or 1)
        pages = {"page": number, "total_pages": max(1, -(-len(rows) // size))}
        return Answer({"data": rows[(number - 1) * size : number * size], "pages": pages})

    def _whole(self, key: str) -> Row:
        row = deepcopy(self.conversations[key])
        parts = row.pop("parts")
        shown = parts[-SHOWN_PARTS:]
        row["conversation_parts"] = {"conversation_parts": shown, "total_count": len(parts)}
        return row

    def _contact(self, key: str) -> Row:
        row = deepcopy(self.contacts[key])
        named = row["companies"]
        row["companies"] = {
            "data": [{"id": each, "type": "company"} for each in named[:SHOWN_COMPANIES]],
            "total_count": len(named),
            "has_more": len(named) > SHOWN_COMPANIES,
        }
        return row

    def _company(self, key: str) -> Row:
        return self.companies[key]


def _error(status: int, code: str, message: str) -> Answer:
    body = {"type": "error.list", "errors": [{"code": code, "message": message}]}
    return Answer(body, status=status)
