"""One number: what is above and below the line, where it comes from, which accounts make it up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from dashboards.ask.query import describe, series, why_nothing
from dashboards.ask.question import (
    AskError,
    Filter,
    cut_of,
    definition,
    find_filters,
    find_metric,
    find_months,
    part_of,
)
from dashboards.cut import Part
from dashboards.published import Published, Row
from orchestration.metrics import Metric

SHOWN = 10


def explain_number(
    published: Published,
    metric_name: str,
    period: str | None = None,
    where: Mapping[str, str | int] | None = None,
) -> dict[str, Any]:
    """Return what one number is made of.

    Raises:
        AskError: The metric, value or month is not there, or the period has several months.
    """
    metric = find_metric(published, metric_name)
    filters = find_filters(published, metric, where)
    months = find_months(published, metric, period)
    if len(months) > 1:
        raise AskError("One number is of one month: write the period as 2025-06.")
    (month,) = months
    told = definition(published, metric)
    found = value_of(published, metric, filters, month)
    answer: dict[str, Any] = {
        "metric": describe(told),
        "where": {each.dimension: each.value for each in filters},
        "month": f"{month:%Y-%m}",
        "value": found.get("value"),
        "numerator": _side(published, metric, metric.numerator, found.get("numerator")),
        "denominator": _side(published, metric, metric.denominator, found.get("denominator")),
        "read_from": metric.table,
        "row_filter": told["row_filter"],
        "comes_from": (told["lineage"] or "").split(", ") if told["lineage"] else [],
        "documentation": told["section"],
        "owner": told["owner"],
        "months": months,
    }
    if answer["value"] is None:
        answer["reason"] = (
            told["null_meaning"] if found else why_nothing(published, metric, month)
        ) or "The table has no value."
    part = part_of(metric)
    if part is None:
        answer["accounts"] = []
        answer["accounts_note"] = f"{metric.table} is not added up from rows of one fact."
        return answer
    rows = contributions(published, part, filters, month)
    rows.sort(
        key=lambda row: (-abs(weight(row, part)), -abs(row["denominator"]), row["account_id"])
    )
    answer["accounts"] = [_account(row, part) for row in rows[:SHOWN]]
    answer["accounts_note"] = f"{len(rows)} accounts make it up, by {part.fact}; " + (
        "what is furthest from kept stands first." if part.is_kept else "the largest first."
    )
    return answer


def value_of(published: Published, metric: Metric, filters: tuple[Filter, ...], month: date) -> Row:
    """Return the row of a metric of one month and cut; an empty one if there is none."""
    return next(iter(series(published, metric, filters, None, [month])), {})


def contributions(
    published: Published, part: Part, filters: tuple[Filter, ...], month: date
) -> list[Row]:
    """Return what each account adds above and below the line in a month."""
    return published.rows(
        f"""
        with parts as (
            select account_id, sum({part.numerator}) as numerator,
                sum({part.denominator or "0"}) as denominator
            from {part.fact}
            where {part.month} = date '{month}' and {cut_of(filters).rows()}
            group by account_id
        )
        select parts.account_id, accounts.account_name, parts.numerator, parts.denominator
        from parts
        left join dim_account as accounts using (account_id)
        where parts.numerator <> 0 or parts.denominator <> 0
        order by parts.account_id
        """
    )


def weight(row: Row, part: Part) -> Decimal | int:
    """Return how much an account moves the figure: where a rate says what is kept, what is not."""
    return row["numerator"] - (row["denominator"] if part.is_kept else 0)


def _account(row: Row, part: Part) -> dict[str, Any]:
    told = {"account_id": row["account_id"], "account_name": row["account_name"]}
    if part.denominator is None:
        return {**told, "adds": row["numerator"]}
    return {**told, "numerator": row["numerator"], "denominator": row["denominator"]}


def _side(
    published: Published, metric: Metric, column: str | None, value: object
) -> dict[str, Any] | None:
    if column is None and value is None:
        return None
    return {
        "column": column,
        "value": value,
        "is": published.description(metric.table, column) if column else "see formula",
    }
