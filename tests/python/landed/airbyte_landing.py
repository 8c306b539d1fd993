"""The company's objects as Airbyte's sources and its DuckDB destination land them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.python.landed.crm_company import Rows
from tests.python.landed.dlt_landing import _field
from tests.python.landed.landing import land

EXTRACTED = "2026-01-05 04:00:00+00"
OWN = {"_airbyte_extracted_at": EXTRACTED, "_airbyte_meta": {"changes": []}}
OWN_COLUMNS = (
    "_airbyte_raw_id varchar, _airbyte_extracted_at timestamptz, _airbyte_meta json,"
    " _airbyte_generation_id bigint"
)


def land_stripe(database: Path, objects: Rows, schema: str = "stripe") -> None:
    """Land the streams of source-stripe; lines name their invoice twice."""
    for name, rows in objects.items():
        found = rows
        if name == "invoice_line_items":
            found = [row | {"invoice_id": row["invoice"]} for row in rows]
        if name in ("customers", "products", "invoices", "coupons"):
            found = [row | {"is_deleted": False} for row in rows]
        stream(database, schema, name, found)


def land_zendesk(database: Path, rows: Rows, schema: str = "zendesk") -> None:
    """Land the streams of source-zendesk-support: the history is in the audits."""
    tickets = [
        {name: value for name, value in row.items() if name != "via_channel"}
        | {"via": {"channel": row["via_channel"]}}
        | ({"status": "new"} if row["status"] == "deleted" else {})
        for row in rows["ticket"]
    ]
    deleted = [row for row in rows["ticket"] if row["status"] == "deleted"]
    stream(database, schema, "tickets", tickets)
    stream(
        database,
        schema,
        "deleted_tickets",
        [
            {"id": row["id"], "deleted_at": row["updated_at"], "previous_state": "new"}
            for row in deleted
        ],
    )
    stream(database, schema, "users", rows["user"])
    stream(database, schema, "organizations", rows["organization"])
    stream(database, schema, "ticket_audits", [_audit(row) for row in _changes(rows)])
    stream(
        database,
        schema,
        "ticket_comments",
        [row | {"type": "Comment", "event_type": "Comment"} for row in rows["ticket_comment"]],
    )


def _changes(rows: Rows) -> list[dict[str, Any]]:
    return rows["ticket_field_history"] + [
        {
            "id": row["id"],
            "ticket_id": row["ticket_id"],
            "user_id": row["author_id"],
            "updated": row["created_at"],
            "comment": row,
        }
        for row in rows["ticket_comment"]
    ]


def _audit(row: dict[str, Any]) -> dict[str, Any]:
    if "comment" in row:
        event = {
            "id": row["id"],
            "type": "Comment",
            "author_id": row["user_id"],
            "public": row["comment"]["public"],
            "body": "…",
        }
    else:
        tags = row["field_name"] == "tags"
        event = {
            "id": row["id"],
            "type": "Create" if row["previous_value"] is None else "Change",
            "field_name": row["field_name"],
            "value": row["value"].split(" ") if tags else row["value"],
        }
        if row["previous_value"] is not None:
            event["previous_value"] = row["previous_value"]
    return {
        "id": 1000 + row["id"],
        "ticket_id": row["ticket_id"],
        "created_at": row["updated"],
        "author_id": row["user_id"],
        "events": [event],
    }


def land_salesforce(database: Path, rows: Rows, schema: str = "salesforce") -> None:
    """Land the streams of source-salesforce, under the names that Salesforce has."""
    for table, found in rows.items():
        named = [{_field(name): value for name, value in row.items()} for row in found]
        stream(database, schema, _field(table), named)


def stream(
    database: Path,
    schema: str,
    name: str,
    rows: list[dict[str, Any]],
    types: Mapping[str, str] | None = None,
) -> None:
    """Land a stream: a column per field, JSON where it is nested.

    Args:
        database: The DuckDB file.
        schema: The schema.
        name: The stream.
        rows: Its records.
        types: Types of fields that the values do not tell.
    """
    if not rows:
        return
    kinds: dict[str, str] = {}
    for row in rows:
        for field, value in row.items():
            told = (types or {}).get(field) or _kind(value)
            kinds[field] = told or kinds.get(field, "varchar")
    body = ", ".join(f'"{field}" {kind}' for field, kind in kinds.items())
    found = [{**row, **OWN, "_airbyte_raw_id": str(uuid.uuid4())} for row in rows]
    land(database, schema, name, f"{body}, {OWN_COLUMNS}", found)


def raw_stream(
    database: Path, schema: str, name: str, rows: list[dict[str, Any]], types: object = None
) -> None:
    """Land a stream as the destination did before it typed columns; types are of no use there."""
    found = [
        {"_airbyte_ab_id": str(uuid.uuid4()), "_airbyte_emitted_at": EXTRACTED}
        | {"_airbyte_data": json.dumps(row)}
        for row in rows
    ]
    columns = "_airbyte_ab_id varchar, _airbyte_emitted_at timestamp, _airbyte_data json"
    land(database, schema, f"_airbyte_raw_{name.lower()}", columns, found)


def _kind(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, dict | list):
        return "json"
    if isinstance(value, int | float):
        return "bigint" if isinstance(value, int) else "double"
    return _text_kind(value)


def _text_kind(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return "varchar"
    if len(value) == len("2025-01-01"):
        return "date"
    return "timestamptz" if moment.tzinfo else "varchar"
