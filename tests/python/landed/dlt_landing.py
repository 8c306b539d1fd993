"""The company's objects as dlt lands them: by dlt itself, with what its verified sources say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt

from tests.python.landed.crm_company import Rows

# Export file by endpoint of the source stripe_analytics; its tables are replaced.
STRIPE = {
    "Subscription": "subscriptions",
    "Coupon": "coupons",
    "Customer": "customers",
    "Invoice": "invoices",
    "Product": "products",
    "Price": "prices",
    "Charge": "charges",
    "Event": "events",
}


def land_stripe(database: Path, objects: Rows, schema: str = "stripe", **more: Any) -> None:
    """Land what the endpoints list: an invoice brings its lines."""
    listed = {endpoint: objects.get(name, []) for endpoint, name in STRIPE.items()}
    lines = objects.get("invoice_line_items", [])
    listed["Invoice"] = [
        invoice
        | {
            "lines": {
                "object": "list",
                "data": [_line(line) for line in lines if line["invoice"] == invoice["id"]],
                "has_more": False,
            }
        }
        for invoice in listed["Invoice"]
    ]
    run(database, schema, listed, **more)


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """A line in the list of its invoice does not say which one that is."""
    return {name: value for name, value in line.items() if name != "invoice"}


def run(
    database: Path,
    schema: str,
    rows: dict[str, list[dict[str, Any]]],
    *,
    nesting: int | None = None,
    hints: dict[str, Any] | None = None,
) -> None:
    """Run a pipeline of dlt into a DuckDB file, its state beside it."""

    @dlt.source(name=schema, max_table_nesting=nesting)
    def source() -> Iterable[Any]:
        for name, found in rows.items():
            if found:
                columns = (hints or {}).get(name)
                yield dlt.resource(found, name=name, write_disposition="replace", columns=columns)

    pipeline = dlt.pipeline(
        pipeline_name=f"landing_{schema}",
        pipelines_dir=str(database.parent / "dlt_landing"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name=schema,
    )
    pipeline.run(source())


def land_zendesk(database: Path, rows: Rows, schema: str = "zendesk") -> None:
    """Land tickets and the incremental export of their audits."""
    events = [
        _audit(row, {"event_type": kind, row["field_name"]: _listed(row)})
        for row in rows["ticket_field_history"]
        for kind in ["Create" if row["previous_value"] is None else "Change"]
    ]
    events += [
        _audit(
            {
                "id": row["id"],
                "ticket_id": row["ticket_id"],
                "updated": row["created_at"],
                "user_id": row["author_id"],
                "previous_value": None,
            },
            {"event_type": "Comment", "comment_present": True, "comment_public": row["public"]},
        )
        for row in rows["ticket_comment"]
    ]
    tickets = [
        {name: value for name, value in row.items() if name not in ("via_channel",)}
        | {"via": {"channel": row["via_channel"], "source": {"rel": None}}}
        for row in rows["ticket"]
    ]
    run(
        database,
        schema,
        {
            "tickets": tickets,
            "users": rows["user"],
            "organizations": rows["organization"],
            "ticket_events": events,
        },
        nesting=2,
        hints={"tickets": {"tags": {"data_type": "json"}}},
    )


def _audit(row: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    moment = datetime.fromisoformat(row["updated"])
    said = {"id": row["id"], "via": "Web form", "previous_value": row["previous_value"], **child}
    return {
        "id": 1000 + row["id"],
        "ticket_id": row["ticket_id"],
        "timestamp": int(moment.timestamp()),
        "created_at": row["updated"],
        "updater_id": row["user_id"],
        "via": "Web form",
        "event_type": "Audit",
        "child_events": [said],
    }


def _listed(row: dict[str, Any]) -> Any:
    return row["value"].split(" ") if row["field_name"] == "tags" else row["value"]


def land_salesforce(database: Path, rows: Rows, schema: str = "salesforce") -> None:
    """Land records under the names of Salesforce; deleted ones are not asked for."""
    listed = {
        "sf_user" if table == "user" else table: [
            {_field(name): value for name, value in row.items()}
            for row in found
            if not row.get("is_deleted")
        ]
        for table, found in rows.items()
    }
    run(database, schema, listed)


def _field(name: str) -> str:
    """``number_of_employees`` as NumberOfEmployees, ``csm__c`` as CSM__c."""
    if name == "csm__c":
        return "CSM__c"
    if name.endswith("__c"):
        return "_".join(part.title() for part in name[:-3].split("_")) + "__c"
    return "".join(part.title() for part in name.split("_"))
