"""The company of Intercom that every loader lands: that of Fivetran's tests, and more of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.python.landed.fivetran_intercom import NEW, OLD, SYNCED, TABLES
from tests.python.landed.fivetran_intercom import ROWS as FIVETRAN
from tests.python.landed.landing import land

# The conversation of the parts that do not name one.
CONVERSATION = 1
_ANSWERED = "2025-06-02 10:00:00+00"
# Conversations that the team and a campaign opened, answered and not.
ROWS = FIVETRAN | {
    "conversation_history": [
        *FIVETRAN["conversation_history"],
        *(
            {"id": number, "updated_at": NEW, "created_at": OLD, "state": "open", **opened}
            for number, opened in (
                (3, {"source_author_type": "admin"}),
                (4, {"source_author_type": "admin"}),
                (
                    5,
                    {
                        "source_delivered_as": "campaigns_initiated",
                        "first_contact_reply_created_at": _ANSWERED,
                    },
                ),
            )
        ),
    ],
    "conversation_part_history": [
        *FIVETRAN["conversation_part_history"],
        *(
            {"id": number, "part_type": "comment", "author_type": author, "created_at": moment}
            | {"conversation_id": 3}
            for number, author, moment in (
                (31, "admin", OLD),
                (32, "user", _ANSWERED),
                (33, "admin", NEW),
            )
        ),
    ],
}
_VERSIONS = {
    "conversation_history": ("id", "updated_at"),
    "conversation_contact_history": ("conversation_id", "conversation_updated_at"),
    "contact_company_history": ("contact_id", "contact_updated_at"),
}


def _newest(table: str) -> list[dict[str, Any]]:
    key, changed = _VERSIONS[table]
    last: dict[Any, str] = {}
    for row in ROWS[table]:
        last[row[key]] = max(last.get(row[key], ""), row[changed])
    return [row for row in ROWS[table] if row[changed] == last[row[key]]]


# What the newest versions say.
NEWEST = {table: _newest(table) for table in _VERSIONS}


def land_intercom(database: Path, schema: str = "intercom") -> None:
    """Land it as Fivetran does."""
    for table, columns in TABLES.items():
        own = {"conversation_id": CONVERSATION} if table == "conversation_part_history" else {}
        rows = [{"_fivetran_synced": SYNCED, **own, **row} for row in ROWS[table]]
        land(database, schema, table, columns, rows)
