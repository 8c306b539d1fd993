"""The company of HubSpot that every loader lands: that of Fivetran's tests, and more of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.python.landed import fivetran_hubspot
from tests.python.landed.landing import land

_SYNCED = "_fivetran_synced timestamptz"
_MORE_TABLES = {
    "engagement_call": "engagement_id bigint, property_hs_call_title varchar,"
    " property_hs_call_status varchar, property_hs_timestamp timestamptz,"
    f" property_hubspot_owner_id bigint, {_SYNCED}",
    "engagement_email": "engagement_id bigint, property_hs_email_subject varchar,"
    " property_hs_email_direction varchar, property_hs_timestamp timestamptz,"
    f" property_hubspot_owner_id bigint, {_SYNCED}",
    "engagement_contact": f"engagement_id bigint, contact_id bigint, {_SYNCED}",
    "ticket_contact": f"ticket_id bigint, contact_id bigint, {_SYNCED}",
}
_MORE: dict[str, list[dict[str, Any]]] = {
    "engagement_call": [
        {
            "engagement_id": 411,
            "property_hs_call_title": "How is it going",
            "property_hs_call_status": "COMPLETED",
            "property_hs_timestamp": "2025-05-02 09:30:00+00",
            "property_hubspot_owner_id": 8,
        },
        # Of no company: nobody's.
        {"engagement_id": 412, "property_hs_timestamp": "2025-05-02 10:30:00+00"},
    ],
    "engagement_email": [
        {
            "engagement_id": 421,
            "property_hs_email_subject": "Notes",
            "property_hs_email_direction": "EMAIL",
            "property_hs_timestamp": "2025-05-03 08:00:00+00",
        }
    ],
    "engagement_company": [
        {"engagement_id": 411, "company_id": 102},
        {"engagement_id": 411, "company_id": 101},
        {"engagement_id": 421, "company_id": 101},
    ],
    "engagement_contact": [
        {"engagement_id": 411, "contact_id": 201},
        {"engagement_id": 401, "contact_id": 202},
        {"engagement_id": 401, "contact_id": 201},
    ],
    "ticket_contact": [{"ticket_id": 501, "contact_id": 201}],
}
ROWS = {
    table: fivetran_hubspot.ROWS.get(table, []) + _MORE.get(table, [])
    for table in {**fivetran_hubspot.ROWS, **_MORE}
}


def land_hubspot(database: Path, schema: str = "hubspot") -> None:
    """Land it as Fivetran does."""
    for table, columns in (fivetran_hubspot.TABLES | _MORE_TABLES).items():
        rows = [
            {"_fivetran_synced": "2025-07-01 02:00:00+00", **row} for row in ROWS.get(table, [])
        ]
        land(database, schema, table, columns, rows)


def is_gone(row: dict[str, Any]) -> bool:
    """Whether an object is deleted, by any mark of it."""
    return bool(row.get("is_deleted") or row.get("_fivetran_deleted"))


def properties(row: dict[str, Any]) -> dict[str, Any]:
    """The properties of an object by HubSpot's names."""
    return {
        name.removeprefix("property_"): value
        for name, value in row.items()
        if name.startswith("property_")
    }


def links(kind: str, number: int, other: str) -> list[dict[str, Any]]:
    """What an object is associated with."""
    return [row for row in ROWS.get(f"{kind}_{other}", []) if row[f"{kind}_id"] == number]
