"""What is asked: metric, cut, period. What there is not is an error that says what there is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboards.cut import DIMENSIONS, PARTS, Cut, Part
from dashboards.published import Published
from orchestration.errors import ExplainedError
from orchestration.ledger import Month
from orchestration.metrics import CSM, Metric, read_metrics

DEFINITIONS = "metric_definitions"
CSM_ID = "csm_id"
SHOWN = 40
MOST_MONTHS = 60
LATEST, LATEST_COMPLETE = "latest", "latest_complete"
PERIODS = (
    "a month (2025-06), two with .. between (2025-01..2025-06), a quarter (2025-Q2), a year (2025),"
    f" '{LATEST_COMPLETE}' (the newest month that is over) or '{LATEST}' (the newest, over or not)"
)
_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-01)?")
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE)
_YEAR = re.compile(r"(\d{4})")


class AskError(ExplainedError):
    """A question that has no answer; the text says what there is."""


@dataclass(frozen=True)
class Filter:
    """One condition: a dimension, and the value of it that the tables have."""

    dimension: str
    value: str


def find_metric(published: Published, name: str) -> Metric:
    """Return the metric of a name, or of a title in any case.

    Raises:
        AskError: There is none, or the publication has no definitions.
    """
    require_definitions(published)
    known = read_metrics()
    asked = name.strip().casefold()
    for metric in known.values():
        if asked in (metric.name, metric.title.casefold()):
            if published.has(metric.table):
                return metric
            raise AskError(f"What is published has no {metric.table}, which {metric.name} needs.")
    raise AskError(f"There is no metric '{name}'. There are: {', '.join(known)}.")


def require_definitions(published: Published) -> None:
    """Refuse a publication that does not say what its metrics are.

    Raises:
        AskError: It has no definitions.
    """
    if not published.has(DEFINITIONS):
        raise AskError(
            "What is published has no metric_definitions: it was written by an earlier version."
            " Run `csw refresh`."
        )


def definition(published: Published, metric: Metric) -> dict[str, Any]:
    """Return what is published of a metric's definition.

    Raises:
        AskError: It was published by a version that had no such metric.
    """
    told = published.row(f"from {DEFINITIONS} where metric = ?", metric.name)
    if not told:
        raise AskError(f"What is published does not define {metric.name} yet: run `csw refresh`.")
    return told


def part_of(metric: Metric) -> Part | None:
    """Return how a metric is added up from the rows of a fact, if it is."""
    if metric.counted:
        return Part(metric.table, metric.counted)
    return PARTS.get(metric.table, {}).get(metric.column or "")


def find_dimension(metric: Metric, asked: str) -> str:
    """Return a dimension of a metric.

    Raises:
        AskError: The metric has no such dimension.
    """
    name = asked.strip().casefold().replace(" ", "_")
    titles = {title.casefold().replace(" ", "_"): key for key, title in DIMENSIONS.items()}
    name = CSM if name == CSM_ID else titles.get(name, name)
    if name in metric.dimensions:
        return name
    if not metric.dimensions:
        raise AskError(f"{metric.name} is known of the company alone: it cannot be cut.")
    raise AskError(
        f"{metric.name} cannot be cut by '{asked}'. It can be cut by: "
        f"{', '.join(metric.dimensions)}."
    )


def find_filters(
    published: Published, metric: Metric, where: Mapping[str, str | int] | None
) -> tuple[Filter, ...]:
    """Return the filters that are asked for, with the values that the tables have.

    Raises:
        AskError: There is no such dimension or value.
    """
    found = []
    for asked, value in (where or {}).items():
        dimension = find_dimension(metric, asked)
        found.append(Filter(dimension, _value(published, metric, dimension, str(value))))
    if len({each.dimension for each in found}) < len(found):
        raise AskError("One dimension has two values: ask for each alone.")
    return tuple(found)


def values_of(published: Published, metric: Metric, dimension: str) -> list[str]:
    """Return the values that a dimension has."""
    if metric.is_typed:
        rows = published.rows(
            f"select distinct segment_value as value from {metric.table}"
            " where segment_type = ? order by 1",
            dimension,
        )
    else:
        rows = published.rows(
            f"select distinct coalesce({column_of(dimension)}, 'unassigned') as value"
            f" from {metric.table} order by 1"
        )
    return [row["value"] for row in rows]


def _value(published: Published, metric: Metric, dimension: str, asked: str) -> str:
    known = values_of(published, metric, dimension)
    wanted = {asked.strip().casefold()}
    if dimension == CSM:
        wanted |= {
            row[CSM_ID].casefold()
            for row in published.rows(
                "select distinct csm_id from dim_account where lower(csm_name) = lower(trim(?))"
                " and csm_id is not null",
                asked,
            )
        }
    found = [value for value in known if value.casefold() in wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise AskError(f"Several CSMs are called '{asked}': name one by the id: {_some(found)}.")
    names = csm_names(published) if dimension == CSM else {}
    told = [f"{value} ({names[value]})" if value in names else value for value in known]
    raise AskError(
        f"{metric.name} has no {dimension} '{asked}'. There are: {_some(told)}."
        if told
        else f"{metric.name} has no {dimension} yet."
    )


def csm_names(published: Published) -> dict[str, str]:
    """Return the names of the customer success managers, who are the company's own people."""
    rows = published.rows(
        "select csm_id, max(csm_name) as csm_name from dim_account where csm_id is not null"
        " and csm_name is not null group by csm_id"
    )
    return {row[CSM_ID]: row["csm_name"] for row in rows}


def column_of(dimension: str) -> str:
    """Return the column of facts that a dimension is."""
    return CSM_ID if dimension == CSM else dimension


def cut_of(filters: Iterable[Filter]) -> Cut:
    """Return the filters as a cut of the facts."""
    return Cut(also=tuple((column_of(each.dimension), each.value) for each in filters))


def find_months(published: Published, metric: Metric, period: str | None) -> list[date]:
    """Return the months of a period, whether the table has them or not.

    Raises:
        AskError: It is no period, or too long.
    """
    asked = (period or LATEST_COMPLETE).strip()
    if asked.casefold() in (LATEST, LATEST_COMPLETE):
        return [_newest(published, metric, is_over=asked.casefold() == LATEST_COMPLETE)]
    first, dots, last = (part.strip() for part in asked.partition(".."))
    begin, end = _bounds(first)
    if dots:
        end = _bounds(last)[1]
    if begin > end:
        raise AskError(f"'{period}' ends before it begins.")
    months = []
    while begin <= end:
        months.append(begin)
        begin = Month(begin).next.first_day
    if len(months) > MOST_MONTHS:
        raise AskError(f"'{period}' has {len(months)} months: ask for {MOST_MONTHS} at most.")
    return months


def _bounds(text: str) -> tuple[date, date]:
    try:
        if found := _MONTH.fullmatch(text):
            month = date(int(found.group(1)), int(found.group(2)), 1)
            return month, month
        if found := _QUARTER.fullmatch(text):
            year, last = int(found.group(1)), 3 * int(found.group(2))
            return date(year, last - 2, 1), date(year, last, 1)
        if found := _YEAR.fullmatch(text):
            return date(int(text), 1, 1), date(int(text), 12, 1)
    except ValueError:
        pass
    raise AskError(f"'{text}' is no period. A period is {PERIODS}.")


def month_sql(metric: Metric) -> str:
    """Return the SQL of the first day of the month that a row is of."""
    return f"date_trunc('month', {metric.month})::date"


def rows_sql(metric: Metric) -> str:
    """Return the SQL condition of the rows that are of a metric."""
    return " and ".join(f"{name} = '{value}'" for name, value in metric.where.items()) or "true"


def known_months(published: Published, metric: Metric) -> tuple[date | None, date | None]:
    """Return the first and the last month that the table has."""
    row = published.row(
        f"select min({month_sql(metric)}) as first, max({month_sql(metric)}) as last"
        f" from {metric.table} where {rows_sql(metric)}"
    )
    return row["first"], row["last"]


def _newest(published: Published, metric: Metric, *, is_over: bool) -> date:
    whole = "segment_type = 'total'" if metric.is_typed else "true"
    is_of_today = metric.month == "as_of_date"
    over = over_sql(published, metric) if is_over and not is_of_today else "true"
    found = published.row(
        f"select max({month_sql(metric)}) as month from {metric.table}"
        f" where {rows_sql(metric)} and {whole} and {over}"
        f" and {month_sql(metric)} <= date '{published.as_of}'"
    )["month"]
    if found is None:
        raise AskError(f"{metric.table} has no month {'that is over ' if is_over else ''}yet.")
    return found


def over_sql(published: Published, metric: Metric) -> str:
    """Return the SQL of whether the month of a row is over, or its terms are decided."""
    if has_column(published, metric.table, "is_complete"):
        return "is_complete"
    return f"last_day({month_sql(metric)}) <= date '{published.as_of}'"


def has_column(published: Published, table: str, column: str) -> bool:
    """Whether a published table has a column."""
    return bool(
        published.row(
            "select 1 as is_there from duckdb_columns() where schema_name = 'marts'"
            " and table_name = ? and column_name = ?",
            table,
            column,
        )
    )


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more
