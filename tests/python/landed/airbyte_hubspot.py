"""The company of HubSpot as Airbyte's source-hubspot lands it, all streams read whole.

Ids are text, numbers decimal(38, 9); each property is a column properties_<name> and a key of
`properties`. Associations are lists of ids in which the primary company comes twice. Archived
objects are not read, but for deals, which have a stream of their own for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.python.landed import airbyte_landing
from tests.python.landed.hubspot_company import ROWS, is_gone, links, properties

Rows = list[dict[str, Any]]
# Properties that HubSpot says are numbers.
_NUMBERS = dict.fromkeys(
    (
        "properties_numberofemployees",
        "properties_hs_parent_company_id",
        "properties_associatedcompanyid",
        "properties_amount",
        "properties_hs_primary_associated_company",
    ),
    "decimal(38, 9)",
)
# Properties that are enumerations of ids, so text.
_TEXT = {"hubspot_owner_id", "csm"}
_PRIMARY = {"contact": 1, "deal": 5, "ticket": 26}
_WRITTEN = "2025-06-30T10:00:00.000Z"


def land_hubspot(database: Path, schema: str = "hubspot") -> None:
    """Land the streams."""
    deals = [
        _object(row, "deal_id", companies=_linked("deal", row["deal_id"]))
        | {
            "properties_pipeline": row["deal_pipeline_id"],
            "properties_dealstage": row["deal_pipeline_stage_id"],
            "properties_hs_primary_associated_company": _primary("deal", row["deal_id"]),
        }
        for row in ROWS["deal"]
    ]
    gone = [row["id"] for row in deals if row["archived"]]
    streams = {
        "companies": _live(_object(row, "id", contacts=[]) for row in ROWS["company"]),
        "owners": [
            {
                "id": str(row["owner_id"]),
                "email": row["email"],
                "firstName": row.get("first_name"),
                "lastName": row.get("last_name"),
                "archived": False,
                "updatedAt": _WRITTEN,
            }
            for row in ROWS["owner"]
        ],
        "contacts": _live(_object(row, "id", companies=[]) for row in ROWS["contact"]),
        # A deal that was archived after it was read stays in the table as it was.
        "deals": [row | {"archived": False} for row in deals],
        "deals_archived": [
            row | {"archivedAt": "2025-06-30T11:00:00.000Z"} for row in deals if row["id"] in gone
        ],
        "deal_pipelines": [
            {
                "pipelineId": row["pipeline_id"],
                "label": row["label"],
                "stages": [
                    {
                        "stageId": stage["stage_id"],
                        "label": stage["label"],
                        "metadata": {"isClosed": str(stage.get("is_closed", False)).lower()}
                        | {"probability": str(stage["probability"])},
                    }
                    for stage in ROWS["deal_pipeline_stage"]
                    if stage["pipeline_id"] == row["pipeline_id"]
                ],
            }
            for row in ROWS["deal_pipeline"]
        ],
        "engagements_meetings": _engagements("meeting"),
        "engagements_calls": _engagements("call"),
        "engagements_emails": _engagements("email"),
        "tickets": _live(
            _object(
                row,
                "id",
                companies=_linked("ticket", row["id"]),
                contacts=_linked("ticket", row["id"], "contact"),
            )
            for row in ROWS["ticket"]
        ),
        "ticket_pipelines": [
            {
                "id": "0",
                "label": "Support",
                "stages": [
                    {
                        "id": stage["stage_id"],
                        "label": stage["label"],
                        "metadata": {
                            "ticketState": stage["ticket_state"],
                            "isClosed": str(stage["is_closed"]).lower(),
                        },
                    }
                    for stage in ROWS["ticket_pipeline_stage"]
                ],
            }
        ],
    }
    for name, rows in streams.items():
        airbyte_landing.stream(database, schema, name, rows, _NUMBERS)


def _object(row: dict[str, Any], key: str, **associated: list[str]) -> dict[str, Any]:
    """A record of a stream of a landed row of Fivetran's."""
    written = {name: _written(name, value) for name, value in properties(row).items()}
    return {
        "id": str(row[key]),
        "createdAt": "2024-01-01T00:00:00.000Z",
        "updatedAt": _WRITTEN,
        "archived": is_gone(row),
        "properties": written,
        **{f"properties_{name}": value for name, value in written.items()},
        **associated,
    }


def _engagements(kind: str) -> Rows:
    return [
        _object(
            row,
            "engagement_id",
            companies=_linked("engagement", row["engagement_id"]),
            contacts=_linked("engagement", row["engagement_id"], "contact"),
        )
        for row in ROWS[f"engagement_{kind}"]
    ]


def _written(name: str, value: Any) -> Any:
    """A value of a property as the source writes it: a whole number without a fraction."""
    if name in _TEXT:
        return str(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _live(rows: Any) -> Rows:
    return [row for row in rows if not row["archived"]]


def _linked(kind: str, number: int, other: str = "company") -> list[str]:
    """Ids of what an object is associated with; one with a label comes twice."""
    found: list[str] = []
    for row in links(kind, number, other):
        times = 2 if row.get("type_id") == _PRIMARY.get(kind) else 1
        found += [str(row[f"{other}_id"])] * times
    return found


def _primary(kind: str, number: int) -> int | None:
    """The primary company as the property of an object tells it."""
    marked = [
        int(row["company_id"])
        for row in links(kind, number, "company")
        if row.get("type_id") == _PRIMARY[kind]
    ]
    return marked[0] if marked else None
