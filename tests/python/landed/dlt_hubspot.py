"""The company of HubSpot as dlt's verified source lands it, with history and with soft deletes.

Properties are columns, with the types that HubSpot says they have; what companies and contacts are
associated with are lists of ids. Owners and pipelines come as HubSpot writes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.python.landed.dlt_landing import run
from tests.python.landed.hubspot_company import ROWS, is_gone, links, properties

_NUMBERS = (
    "numberofemployees",
    "hs_parent_company_id",
    "associatedcompanyid",
    "amount",
    "hs_primary_associated_company",
)


def land_hubspot(database: Path, schema: str = "hubspot", **more: Any) -> None:
    """Land the resources; `more` goes to the pipeline."""
    resources = {
        "companies": [
            _object(row, "id")
            | {
                "deals": _listed("deal", row["id"]),
                "tickets": _listed("ticket", row["id"]),
            }
            for row in ROWS["company"]
        ],
        "contacts": [
            _object(row, "id")
            | {
                "tickets": [
                    {"value": str(row["id"]), "tickets_id": str(link["ticket_id"])}
                    for link in ROWS.get("ticket_contact", [])
                    if link["contact_id"] == row["id"]
                ]
            }
            for row in ROWS["contact"]
        ],
        "deals": [
            _object(row, "deal_id")
            | {"pipeline": row["deal_pipeline_id"], "dealstage": row["deal_pipeline_stage_id"]}
            | {"hs_primary_associated_company": _primary(row["deal_id"])}
            for row in ROWS["deal"]
        ],
        "tickets": [_object(row, "id") for row in ROWS["ticket"]],
        "owners": [
            {
                "id": str(row["owner_id"]),
                "email": row["email"],
                "firstName": row.get("first_name"),
                "lastName": row.get("last_name"),
                "archived": False,
            }
            for row in ROWS["owner"]
        ],
        "pipelines_deals": [
            {
                "id": row["pipeline_id"],
                "label": row["label"],
                "stages": [
                    _stage(
                        stage,
                        isClosed=stage.get("is_closed", False),
                        probability=stage["probability"],
                    )
                    for stage in ROWS["deal_pipeline_stage"]
                    if stage["pipeline_id"] == row["pipeline_id"]
                ],
            }
            for row in ROWS["deal_pipeline"]
        ],
        "pipelines_tickets": [
            {
                "id": "0",
                "label": "Support",
                "stages": [
                    _stage(stage, isClosed=stage["is_closed"], ticketState=stage["ticket_state"])
                    for stage in ROWS["ticket_pipeline_stage"]
                ],
            }
        ],
        "tickets_property_history": _history() * 2,
    }
    hints = {
        name: {number: {"data_type": "double"} for number in _NUMBERS}
        for name in ("companies", "contacts", "deals")
    }
    run(database, schema, resources, hints=hints, **more)


def _object(row: dict[str, Any], key: str) -> dict[str, Any]:
    """An object of a landed row of Fivetran's: HubSpot writes all values as text."""
    written = {name: _text(value) for name, value in properties(row).items()}
    identity = {"id": str(row[key]), "hs_object_id": str(row[key])}
    return {**identity, **written, "is_deleted": is_gone(row)}


def _text(value: Any) -> str:
    """A value as HubSpot writes it: a whole number without a fraction, a time with a Z."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace(" ", "T", 1).replace("+00", "Z") if _is_time(value) else str(value)


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and value.endswith("+00")


def _listed(kind: str, company: int) -> list[dict[str, str]]:
    """What a company is associated with; whether it is primary is not told."""
    return [
        {"value": str(company), f"{kind}s_id": str(row[f"{kind}_id"])}
        for row in ROWS.get(f"{kind}_company", [])
        if row["company_id"] == company
    ]


def _primary(deal: int) -> str | None:
    found = [
        str(row["company_id"]) for row in links("deal", deal, "company") if row["type_id"] == 5
    ]
    return found[0] if found else None


def _stage(stage: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "id": stage["stage_id"],
        "label": stage["label"],
        "metadata": {name: str(value).lower() for name, value in metadata.items()}
        | ({"ticketState": metadata["ticketState"]} if "ticketState" in metadata else {}),
    }


def _history() -> list[dict[str, Any]]:
    """Histories of all properties. The first value is a time, and so is the column then."""
    created = {"property_name": "createdate", "value": "2025-06-02T09:00:00Z"}
    first = {"object_id": "502", "timestamp": "2025-06-02T09:00:00Z", **created}
    return [first] + [
        {
            "object_id": str(row["ticket_id"]),
            "property_name": row["name"],
            "value": row["value"],
            "timestamp": _text(row["timestamp_instant"]),
            "sourceType": "CRM_UI",
        }
        for row in ROWS["ticket_property_history"]
    ]
