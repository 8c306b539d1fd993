"""Salesforce and Zendesk as Fivetran's connectors land them."""

from __future__ import annotations

from pathlib import Path

from orchestration.loads import source_spec
from tests.python.landed.crm_company import Rows
from tests.python.landed.landing import land

SYNCED = {"_fivetran_synced": "2026-01-05 04:00:00+00"}
TYPES = {
    "varchar": "varchar",
    "bigint": "integer",
    "boolean": "boolean",
    "timestamp": "timestamptz",
    "date": "date",
}

ZENDESK = {
    "organization": "id bigint, name varchar, external_id varchar, created_at timestamptz,"
    " updated_at timestamptz, details varchar",
    "domain_name": '"index" integer, organization_id bigint, domain_name varchar',
    "user": "id bigint, name varchar, email varchar, role varchar, organization_id bigint,"
    " created_at timestamptz, updated_at timestamptz",
    "ticket": "id bigint, organization_id bigint, requester_id bigint, assignee_id bigint,"
    " brand_id bigint, status varchar, priority varchar, type varchar, subject varchar,"
    " via_channel varchar, created_at timestamptz, updated_at timestamptz,"
    " _fivetran_deleted boolean, custom_area varchar",
    "ticket_tag": "ticket_id bigint, tag varchar",
    "ticket_field_history": "ticket_id bigint, field_name varchar, value varchar,"
    " updated timestamptz, user_id bigint",
    "ticket_comment": "id bigint, ticket_id bigint, user_id bigint, public boolean,"
    " created timestamptz, body varchar",
}


def land_salesforce(database: Path, rows: Rows, schema: str = "salesforce") -> None:
    """Land objects: fields in snake case, custom ones with _c."""
    for table in source_spec("salesforce").tables.values():
        columns = [
            f"{_field(column.name)} {TYPES.get(column.type, 'double')}"
            for column in table.columns.values()
        ]
        found = [
            {_field(name): value for name, value in row.items()} | SYNCED
            for row in rows.get(table.name, [])
        ]
        body = ", ".join([*columns, "_fivetran_synced timestamptz"])
        land(database, schema, _field(table.name), body, found)


def _field(name: str) -> str:
    return f"{name[:-3]}_c" if name.endswith("__c") else name


def land_zendesk(database: Path, rows: Rows, schema: str = "zendesk") -> None:
    """Land tickets: tags, domains and ratings are apart, a deleted one keeps its last status."""
    history = [
        {name: value for name, value in row.items() if name not in ("previous_value", "id")}
        for row in rows["ticket_field_history"]
    ]
    landed: Rows = {
        "organization": [_without(row, "domain_names") for row in rows["organization"]],
        "domain_name": [
            {"index": place, "organization_id": row["id"], "domain_name": name}
            for row in rows["organization"]
            for place, name in enumerate(row["domain_names"])
        ],
        "user": rows["user"],
        "ticket": [
            _without(row, "tags", "satisfaction_rating")
            | ({"status": "new", "_fivetran_deleted": True} if row["status"] == "deleted" else {})
            for row in rows["ticket"]
        ],
        "ticket_tag": [
            {"ticket_id": row["id"], "tag": tag} for row in rows["ticket"] for tag in row["tags"]
        ],
        "ticket_field_history": history
        + [
            {
                "ticket_id": row["id"],
                "field_name": "satisfaction_score",
                "value": row["satisfaction_rating"]["score"],
                "updated": row["satisfaction_rating"]["updated_at"],
                "user_id": row["requester_id"],
            }
            for row in rows["ticket"]
            if "satisfaction_rating" in row
        ],
        "ticket_comment": [
            _without(row, "author_id", "created_at")
            | {"user_id": row["author_id"], "created": row["created_at"]}
            for row in rows["ticket_comment"]
        ],
    }
    for table, columns in ZENDESK.items():
        found = [{**row, **SYNCED} for row in landed[table]]
        land(database, schema, table, f"{columns}, _fivetran_synced timestamptz", found)


def _without(row: dict, *names: str) -> dict:
    return {name: value for name, value in row.items() if name not in names}
