"""The company that Fivetran lands of HubSpot, in HubSpot itself."""

from __future__ import annotations

from typing import Any

from tests.python.connect.fake_hubspot import FakeHubspot
from tests.python.connect.server import Row
from tests.python.landed.fivetran_hubspot import ROWS

PRIMARY = {"contacts": "contact_to_company", "deals": "deal_to_company"}
PRIMARY["tickets"] = "ticket_to_company"
LISTS = {
    "company": "companies",
    "contact": "contacts",
    "deal": "deals",
    "ticket": "tickets",
    "engagement_meeting": "meetings",
}
NAMES = {"deal_pipeline_id": "pipeline", "deal_pipeline_stage_id": "dealstage"}
DELETED = "2025-05-02T10:00:00.000Z"


def seed(fake: FakeHubspot) -> None:
    """Make its objects, associations, owners, pipelines and histories."""
    for table, name in LISTS.items():
        for row in ROWS[table]:
            key = row.get("id") or row.get("deal_id") or row["engagement_id"]
            fake.put(name, key, _properties(row))
            if row.get("is_deleted") or row.get("_fivetran_deleted"):
                fake.archive(name, key, DELETED)
    _links(fake, "deals", "deal_id", ROWS["deal_company"])
    _links(fake, "tickets", "ticket_id", ROWS["ticket_company"])
    _links(fake, "meetings", "engagement_id", ROWS["engagement_company"])
    for change in ROWS["ticket_property_history"]:
        row = _object(fake, "tickets", change["ticket_id"])
        history = row["histories"].setdefault(change["name"], [])
        history.insert(
            0, {"value": change["value"], "timestamp": _text(change["timestamp_instant"])}
        )
    fake.owners = [
        {
            "id": str(row["owner_id"]),
            "email": row["email"],
            "firstName": row.get("first_name", ""),
            "lastName": row.get("last_name", ""),
            "archived": False,
        }
        for row in ROWS["owner"]
    ]
    for each in ROWS["deal_pipeline"]:
        stages = [
            {
                "id": row["stage_id"],
                "label": row["label"],
                "metadata": {
                    "isClosed": str(row.get("is_closed", False)).lower(),
                    "probability": str(row["probability"]),
                },
            }
            for row in ROWS["deal_pipeline_stage"]
            if row["pipeline_id"] == each["pipeline_id"]
        ]
        pipeline = {"id": each["pipeline_id"], "label": each["label"], "stages": stages}
        fake.pipelines["deals"].append(pipeline)
    fake.pipelines["tickets"] = [
        {
            "id": "0",
            "label": "Support",
            "stages": [
                {
                    "id": row["stage_id"],
                    "label": row["label"],
                    "metadata": {
                        "ticketState": row["ticket_state"],
                        "isClosed": str(row["is_closed"]).lower(),
                    },
                }
                for row in ROWS["ticket_pipeline_stage"]
            ],
        }
    ]


def _links(fake: FakeHubspot, name: str, key: str, rows: list[Row]) -> None:
    for row in rows:
        primary = row.get("type_id") in (1, 5, 26)
        kind = PRIMARY.get(name, "meeting_event_to_company")
        pairs = [(str(row["company_id"]), f"{kind}_unlabeled" if name in PRIMARY else kind)]
        if primary:
            pairs.insert(0, (str(row["company_id"]), kind))
        found = _object(fake, name, row[key])["links"].setdefault("companies", [])
        found.extend(pairs)


def _object(fake: FakeHubspot, name: str, key: object) -> Row:
    return next(row for row in fake.objects[name] if row["id"] == str(key))


def _properties(row: Row) -> Row:
    found: Row = {}
    for column, value in row.items():
        if column.startswith("property_"):
            found[column.removeprefix("property_")] = _text(value)
        elif column in NAMES:
            found[NAMES[column]] = _text(value)
    return found


def _text(value: Any) -> str:
    """A value as a property has it: whole numbers without a point, times with `T` and `Z`."""
    text = str(value)
    if text.endswith("+00"):
        return text.replace(" ", "T").replace("+00", ".000Z")
    return text.removesuffix(".0")
