"""The company of Intercom that every loader lands: that of Fivetran's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.python.landed.fivetran_intercom import ROWS as FIVETRAN
from tests.python.landed.fivetran_intercom import SYNCED, TABLES
from tests.python.landed.landing import land

# The conversation of the parts that do not name one.
CONVERSATION = 1
# Each conversation is one that a person opened, and no bot takes part.
ROWS = FIVETRAN | {
    "conversation_history": [
        {"source_author_type": "user", **row} for row in FIVETRAN["conversation_history"]
    ],
    "conversation_part_history": [
        row for row in FIVETRAN["conversation_part_history"] if row["author_type"] != "bot"
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
