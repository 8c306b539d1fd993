"""Intercom's conversations with their parts, whom they are with, and the companies of those."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestration.connectors.drop import Row
from orchestration.connectors.fetching import GONE, Fetching, Reader, read_list

MOST_PARTS = 500
# The search takes a time for its day in the workspace's time zone, and begins on the next one.
DAYS_OF_SEARCH = timedelta(days=2)
# A change just before a fetch may have come within the second that was read.
SETTLED = timedelta(minutes=10)
CLOSED, DELETED = "closed", "deleted"
# Keys of a part that something reads, or that tell what it is.
OF_A_PART = ("id", "part_type", "created_at", "updated_at", "assigned_to", "author", "state")
OF_A_SOURCE = ("type", "id", "delivered_as", "author")
TEXTS = ("title", "custom_attributes", "linked_objects")


def _conversations(fetching: Fetching) -> None:
    """Conversations that changed, with their parts; open ones that are gone, as deleted ones."""
    known = {row["id"]: (row["updated_at"], row["state"]) for row in _rows(fetching)}
    settled = ((fetching.last or fetching.drop.begun) - SETTLED).timestamp()
    cut: list[str] = []
    read: set[str] = set()
    for page in fetching.api.pages(fetching.resource, body=_changed_since(fetching)):
        for listed in page:
            key, changed = listed["id"], listed["updated_at"]
            if known.get(key, (None,))[0] == changed and changed < settled:
                continue
            row = _one(fetching, key)
            # One that was deleted meanwhile is found below, where it was open.
            if row is not None:
                read.add(key)
                fetching.write(_shaped(row))
                if row["conversation_parts"].get("total_count", 0) > MOST_PARTS:
                    cut.append(key)
        if page:
            fetching.reach(datetime.fromtimestamp(page[-1]["updated_at"], tz=UTC))
    if cut:
        fetching.notes.append(
            f"Intercom, conversations: of {len(cut)} with more than {MOST_PARTS} parts only the"
            f" last {MOST_PARTS} are told (for example {cut[0]}): their comments are not counted"
        )
    open_before = {key for key, (_, state) in known.items() if state not in (CLOSED, DELETED)}
    _gone(fetching, open_before - read)


def _changed_since(fetching: Fetching) -> dict[str, Any]:
    since = fetching.since
    value = int((since - DAYS_OF_SEARCH).timestamp()) if since else 0
    return {"query": {"field": "updated_at", "operator": ">", "value": value}}


def _gone(fetching: Fetching, before: set[str]) -> None:
    """Of conversations that were open, those that are in the list of open ones no more."""
    if not before:
        return
    query = {"query": {"field": "open", "operator": "=", "value": True}}
    pages = fetching.api.pages(fetching.resource, body=query)
    missing = before - {row["id"] for page in pages for row in page}
    last = {row["id"]: row for row in _rows(fetching) if row["id"] in missing}
    for key in sorted(missing):
        row = _one(fetching, key)
        moment = int(fetching.drop.begun.timestamp())
        if row is None:
            fetching.write({**last[key], "state": DELETED, "updated_at": moment})
        else:
            fetching.write(_shaped(row))


def _rows(fetching: Fetching) -> Iterator[Row]:
    return fetching.drop.rows(fetching.resource.tables[0])


def _one(fetching: Fetching, key: str) -> Row | None:
    return fetching.api.one(fetching.resource, f"conversations/{key}")


def _shaped(row: Row) -> Row:
    """A conversation without what was written in it."""
    parts = row["conversation_parts"]
    kept = [
        {key: part[key] for key in OF_A_PART if key in part}
        | {"has_text": bool((part.get("body") or "").strip())}
        for part in parts["conversation_parts"]
    ]
    source = row.get("source") or {}
    return {
        **{key: value for key, value in row.items() if key not in TEXTS},
        "source": {key: source[key] for key in OF_A_SOURCE if key in source},
        "conversation_parts": {**parts, "conversation_parts": kept},
    }


def _contacts(fetching: Fetching) -> None:
    """Those whom the conversations of this fetch are with, with all their companies."""
    found = {
        contact["id"]
        for row in fetching.drop.rows("conversations", of_this_fetch=True)
        for contact in (row.get("contacts") or {}).get("contacts", [])
    }
    for key in sorted(found):
        row = fetching.api.one(fetching.resource, f"contacts/{key}")
        # One that was merged or deleted; nobody knows any more where that person works.
        if row is None:
            continue
        companies = row.get("companies") or {}
        if companies.get("has_more"):
            pages = fetching.api.pages(
                fetching.resource,
                {"per_page": 50},
                path=f"contacts/{key}/companies",
                paginator={
                    "type": "page_number",
                    "base_page": 1,
                    "page_param": "page",
                    "total_path": "pages.total_pages",
                },
            )
            companies = {**companies, "data": [each for page in pages for each in page]}
        data = [{"id": each["id"]} for each in companies.get("data", [])]
        kept = {key: row.get(key) for key in ("id", "external_id", "role", "updated_at")}
        fetching.write({**kept, "companies": {"data": data}})


def _companies(fetching: Fetching) -> None:
    """All companies; those that the list leaves out are asked for by their id.

    It has none without persons, ends after 10,000, and is in an order that moves meanwhile.
    """
    read_list(fetching)
    named = {
        company["id"]
        for row in fetching.drop.rows("contacts", of_this_fetch=True)
        for company in row["companies"]["data"]
    }
    there = {key for key, digest in fetching.seen_before.items() if digest != GONE}
    for key in sorted(named | there):
        if fetching.is_listed(key):
            continue
        row = fetching.api.one(fetching.resource, f"companies/{key}")
        if row is not None:
            fetching.write(row)
    for key, row in fetching.vanished():
        fetching.write_gone(key, {**row, "deleted": True})


READERS: dict[str, Reader] = {
    "conversations": _conversations,
    "contacts": _contacts,
    "companies": _companies,
}
