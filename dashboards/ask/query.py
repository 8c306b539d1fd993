"""A metric by month and cut: read from its mart, or added up from the facts for several cuts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dashboards.ask.question import (
    AskError,
    Filter,
    column_of,
    csm_names,
    cut_of,
    definition,
    find_dimension,
    find_filters,
    find_metric,
    find_months,
    known_months,
    month_sql,
    over_sql,
    part_of,
    rows_sql,
)
from dashboards.cut import UNASSIGNED
from dashboards.published import Published, Row
from orchestration.database import text
from orchestration.metrics import CSM, Metric

# What a row of an answer says of the cut it is of, when it is of the whole.
WHOLE = "all"


def query_metric(
    published: Published,
    metric_name: str,
    by: str | None = None,
    where: Mapping[str, str | int] | None = None,
    period: str | None = None,
) -> dict[str, Any]:
    """Return a metric by month, and by a dimension if one is asked for.

    Raises:
        AskError: The metric, dimension, value or period is not there.
    """
    metric = find_metric(published, metric_name)
    filters = find_filters(published, metric, where)
    dimension = find_dimension(metric, by) if by else None
    months = find_months(published, metric, period)
    told = definition(published, metric)
    found = series(published, metric, filters, dimension, months)
    names = csm_names(published) if dimension == CSM else {}
    rows: list[dict[str, Any]] = []
    for month in months:
        of_month = [row for row in found if row["month"] == month]
        rows += [_answer(told, row, dimension, names) for row in of_month] or [
            {
                "month": f"{month:%Y-%m}",
                "is_open": None,
                "value": None,
                "reason": why_nothing(published, metric, month),
            }
        ]
    return {
        "metric": describe(told),
        "by": dimension,
        "where": {each.dimension: each.value for each in filters},
        "rows": rows,
        "months": months,
    }


def describe(told: Row) -> dict[str, Any]:
    """Return what an answer says of its metric."""
    names = ("metric", "title", "unit", "definition", "formula", "table_name", "column_name")
    return {name: told[name] for name in names}


def series(
    published: Published,
    metric: Metric,
    filters: Sequence[Filter],
    by: str | None,
    months: Sequence[date],
) -> list[Row]:
    """Return month, cut, value, numerator, denominator and whether the month is over.

    Raises:
        AskError: The metric is not known for these cuts together.
    """
    asked = [*(each.dimension for each in filters), *([by] if by else [])]
    if by and by in asked[:-1]:
        raise AskError(f"{by} is asked for twice: as a filter and to cut by.")
    missing = [dimension for dimension in metric.each if dimension not in asked]
    if missing:
        raise AskError(
            f"{metric.name} is known of each {missing[0]} alone: cut by it, or name one in `where`."
        )
    if metric.counted or (metric.is_typed and len(asked) > 1):
        return _added_up(published, metric, filters, by, months)
    if metric.is_typed:
        (kind, condition) = (by, "true") if by else ("total", "true")
        if filters:
            kind, condition = filters[0].dimension, f"segment_value = {text(filters[0].value)}"
        tests = f"segment_type = '{kind}' and {condition}"
        label = "segment_value"
    else:
        tests = " and ".join(
            f"coalesce({column_of(each.dimension)}, '{UNASSIGNED}') = {text(each.value)}"
            for each in filters
        )
        label = f"coalesce({column_of(by)}, '{UNASSIGNED}')" if by else f"'{WHOLE}'"
    above, below = metric.numerator or "null", metric.denominator or "null"
    return published.rows(
        f"""
        select {month_sql(metric)} as month, {label if by else f"'{WHOLE}'"} as cut,
            {metric.column} as value, {above} as numerator, {below} as denominator,
            {over_sql(published, metric)} as is_over
        from {metric.table}
        where {tests or "true"} and {rows_sql(metric)} and {_within(metric, months)}
        order by 1, 2
        """
    )


def _added_up(
    published: Published,
    metric: Metric,
    filters: Sequence[Filter],
    by: str | None,
    months: Sequence[date],
) -> list[Row]:
    part = part_of(metric)
    if part is None:
        raise AskError(
            f"{metric.name} is known for one dimension at a time: take out all but one of the"
            " filters and cuts. list_metrics says which metrics combine."
        )
    cut = f"coalesce({column_of(by)}, '{UNASSIGNED}')" if by else f"'{WHOLE}'"
    rate = part.denominator is not None
    over = "bool_and(outcome <> 'pending')" if part.known else "bool_and(is_complete)"
    return published.rows(
        f"""
        select {part.month} as month, {cut} as cut, {part.sql} as value,
            {f"sum({part.numerator})" if rate else "null"} as numerator,
            {f"sum({part.denominator})" if rate else "null"} as denominator,
            {over} as is_over
        from {part.fact}
        where {cut_of(filters).rows()} and {part.month} in ({_days(months)})
        group by 1, 2
        order by 1, 2
        """
    )


def _answer(told: Row, row: Row, by: str | None, names: Mapping[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"month": f"{row['month']:%Y-%m}", "is_open": not row["is_over"]}
    if by:
        answer[by] = row["cut"]
    if row["cut"] in names:
        answer["csm_name"] = names[row["cut"]]
    answer["value"] = row["value"]
    if told["denominator_column"]:
        answer |= {"numerator": row["numerator"], "denominator": row["denominator"]}
    if row["value"] is None:
        answer["reason"] = told["null_meaning"] or "The table has no value."
    return answer


def why_nothing(published: Published, metric: Metric, month: date) -> str:
    """Say why a table has nothing of a month."""
    first, last = known_months(published, metric)
    if first is None or last is None:
        return f"{metric.table} has no rows."
    if month < first:
        return f"Not known: {metric.table} begins with {first:%Y-%m}."
    if month > last:
        return f"Not known: {metric.table} ends with {last:%Y-%m}, as of {published.as_of}."
    return f"Not known: {metric.table} has nothing of this cut in {month:%Y-%m}."


def _within(metric: Metric, months: Sequence[date]) -> str:
    return f"{month_sql(metric)} in ({_days(months)})"


def _days(months: Sequence[date]) -> str:
    return ", ".join(f"date '{month}'" for month in months)
