"""Stripe objects of the API as Fivetran's connector lands them (its ERD of 2025)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.python.landed.landing import Row, land

SYNCED = "2026-01-05 04:00:00+00"
Objects = dict[str, list[dict[str, Any]]]

COLUMNS = {
    "customer": "id varchar, created timestamptz, email varchar, name varchar, currency varchar,"
    " delinquent boolean, metadata json, is_deleted boolean, livemode boolean",
    "product": "id varchar, name varchar, active boolean, created timestamptz,"
    " updated timestamptz, metadata json, is_deleted boolean, livemode boolean",
    "price": "id varchar, product_id varchar, currency varchar, unit_amount bigint,"
    " unit_amount_decimal varchar, type varchar, recurring_interval varchar,"
    " recurring_interval_count integer, recurring_usage_type varchar, billing_scheme varchar,"
    " tiers_mode varchar, transform_quantity_divide_by bigint, transform_quantity_round varchar,"
    " nickname varchar, active boolean, created timestamptz, is_deleted boolean, metadata json",
    "tier": "price_id varchar, up_to bigint, unit_amount bigint, unit_amount_decimal varchar,"
    " flat_amount bigint, flat_amount_decimal varchar",
    "subscription_history": "id varchar, _fivetran_start timestamptz, _fivetran_end timestamptz,"
    " _fivetran_active boolean, customer_id varchar, status varchar, created timestamptz,"
    " start_date timestamptz, ended_at timestamptz, canceled_at timestamptz,"
    " cancel_at timestamptz, cancel_at_period_end boolean, cancellation_details_reason varchar,"
    " cancellation_details_feedback varchar, cancellation_details_comment varchar,"
    " trial_start timestamptz, trial_end timestamptz, pause_collection_behavior varchar,"
    " pause_collection_resumes_at timestamptz, current_period_start timestamptz,"
    " current_period_end timestamptz, metadata json, livemode boolean",
    "subscription_item": "id varchar, subscription_id varchar, plan_id varchar, quantity integer,"
    " created timestamptz, current_period_start timestamptz, current_period_end timestamptz,"
    " metadata json",
    "discount": "id varchar, type varchar, type_id varchar, amount bigint, coupon_id varchar,"
    " subscription_id varchar, customer_id varchar, invoice_id varchar, start timestamptz,"
    ' "end" timestamptz, promotion_code varchar',
    "coupon": "id varchar, duration varchar, duration_in_months integer, percent_off double,"
    " amount_off bigint, currency varchar, name varchar, valid boolean, created timestamptz",
    "invoice": "id varchar, customer_id varchar, subscription_id varchar, status varchar,"
    " billing_reason varchar, created timestamptz, due_date timestamptz,"
    " status_transitions_finalized_at timestamptz, status_transitions_paid_at timestamptz,"
    " status_transitions_voided_at timestamptz,"
    " status_transitions_marked_uncollectible_at timestamptz, currency varchar, subtotal bigint,"
    " tax bigint, total bigint, amount_paid bigint, amount_remaining bigint,"
    " attempt_count integer, period_start timestamptz, period_end timestamptz,"
    " is_deleted boolean, livemode boolean",
    "invoice_line_item": "id varchar, invoice_id varchar, amount bigint, currency varchar,"
    " description varchar, period_start timestamptz, period_end timestamptz, price_id varchar,"
    " plan_id varchar, proration boolean, quantity integer, subscription_id varchar,"
    " subscription_item_id varchar, type varchar, unique_id varchar, livemode boolean",
    "charge": "id varchar, customer_id varchar, invoice_id varchar, payment_intent_id varchar,"
    " amount bigint, amount_refunded bigint, currency varchar, created timestamptz,"
    " status varchar, failure_code varchar, refunded boolean, livemode boolean",
    "dispute": "id varchar, charge_id varchar, amount bigint, currency varchar,"
    " created timestamptz, status varchar, reason varchar, livemode boolean",
}


def land_stripe(database: Path, objects: Objects, schema: str = "stripe") -> None:
    """Land a company's objects: by the name of their export file."""
    rows: dict[str, list[Row]] = {table: [] for table in COLUMNS}
    simple = {
        "customers": "customer",
        "products": "product",
        "coupons": "coupon",
        "charges": "charge",
        "disputes": "dispute",
    }
    for name, table in simple.items():
        rows[table] += [_plain(each, table) for each in objects.get(name, [])]
    for each in objects.get("prices", []):
        rows["price"].append(_price(each))
        rows["tier"] += [{**tier, "price_id": each["id"]} for tier in each.get("tiers") or []]
    for each in objects.get("subscriptions", []):
        rows["subscription_history"] += _history(each)
        rows["subscription_item"] += [
            _plain(item, "subscription_item")
            | {"subscription_id": each["id"], "plan_id": _id(item["price"])}
            for item in each["items"]["data"]
        ]
        if each.get("discount"):
            rows["discount"].append(_discount(each["discount"], each))
    for each in objects.get("invoices", []):
        changes = each.get("status_transitions") or {}
        rows["invoice"].append(
            _plain(each, "invoice")
            | {f"status_transitions_{name}": _time(at) for name, at in changes.items()}
        )
    for each in objects.get("invoice_line_items", []):
        period = each["period"]
        rows["invoice_line_item"].append(
            _plain(each, "invoice_line_item")
            | {
                "price_id": _id(each.get("price")),
                "period_start": _time(period["start"]),
                "period_end": _time(period["end"]),
            }
        )
    for table, columns in COLUMNS.items():
        synced = [{**row, "_fivetran_synced": SYNCED} for row in rows[table]]
        land(database, schema, table, f"{columns}, _fivetran_synced timestamptz", synced)


def _plain(each: dict[str, Any], table: str) -> dict[str, Any]:
    """The columns that are an object's own; an id of another object ends in _id."""
    row: dict[str, Any] = {}
    for column in COLUMNS[table].split(", "):
        name, kind = column.strip().split(" ")
        value = each.get(name.removesuffix("_id") if name.endswith("_id") else name)
        if name.endswith("_id"):
            value = _id(value)
        if kind == "timestamptz":
            value = _time(value)
        if value is not None:
            row[name] = value
    if each.get("deleted"):
        row["is_deleted"] = True
    return row


def _price(each: dict[str, Any]) -> dict[str, Any]:
    recurring = each.get("recurring") or {}
    transform = each.get("transform_quantity") or {}
    return (
        _plain(each, "price")
        | {f"recurring_{name}": value for name, value in recurring.items()}
        | {f"transform_quantity_{name}": value for name, value in transform.items()}
    )


def _history(each: dict[str, Any]) -> list[dict[str, Any]]:
    """A version as it was made and the one of today."""
    paused = each.get("pause_collection") or {}
    details = each.get("cancellation_details") or {}
    today = (
        _plain(each, "subscription_history")
        | {"pause_collection_behavior": paused.get("behavior")}
        | {"pause_collection_resumes_at": _time(paused.get("resumes_at"))}
        | {f"cancellation_details_{name}": value for name, value in details.items()}
    )
    made = _time(each["created"])
    changed = "2025-06-01 00:00:00+00"
    first = today | {
        "status": "active",
        "ended_at": None,
        "_fivetran_start": made,
        "_fivetran_end": "2025-05-31 23:59:59.999+00",
        "_fivetran_active": False,
    }
    return [
        today
        | {
            "_fivetran_start": changed,
            "_fivetran_end": "9999-12-31 23:59:59.999+00",
            "_fivetran_active": True,
        },
        first,
    ]


def _discount(each: dict[str, Any], its_subscription: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": each["id"],
        "type": "SUBSCRIPTION",
        "type_id": its_subscription["id"],
        "coupon_id": each["coupon"]["id"],
        "subscription_id": its_subscription["id"],
        "customer_id": its_subscription["customer"],
        "start": _time(each["start"]),
        "end": _time(each.get("end")),
    }


def _id(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
