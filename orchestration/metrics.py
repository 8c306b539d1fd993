"""`metric_definitions`: which published column is which metric, as `models/semantic` says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from dashboards.cut import DIMENSIONS
from orchestration import semantic
from orchestration.dictionary import MONEY, described_models, null_meaning, unit_of
from orchestration.reference_tables import PublishedColumn, ReferenceColumn, ReferenceTable

TABLE = "metric_definitions"
OWNER = "analytics_engineering"
SEGMENTS = "segments"
CSM = "csm"
# What the marts with `segment_type` are cut by.
SEGMENT_TYPES = (*DIMENSIONS, CSM)
GUIDE = "docs/metrics.md"
# The headings there that have metrics, in their order.
SECTIONS = (
    "arr",
    "exchange-rates",
    "carr",
    "movements",
    "arr-by-product-and-plan",
    "retention",
    "expansion",
    "churn",
    "renewals",
    "usage-support-sentiment",
    "onboarding-and-time-to-value",
    "books-and-contact",
    "benchmarks",
)
# What `dashboards.cut` reads of a metric.
CUT_ONLY = ("is_kept", "unknown_while")
COLUMNS = (
    ReferenceColumn("metric", "varchar", "The name by which `csw mcp` is asked for it."),
    ReferenceColumn("title", "varchar", "Its name in the documentation."),
    ReferenceColumn("definition", "varchar", "What it is: the description of its column."),
    ReferenceColumn(
        "formula",
        "varchar",
        "How it is made of columns of its table, or in words. Null of an amount: see definition.",
    ),
    ReferenceColumn(
        "null_meaning", "varchar", "What it means that there is no value. Null: nothing is said."
    ),
    ReferenceColumn("unit", "varchar", "What a value counts or measures."),
    ReferenceColumn("table_name", "varchar", "The published table that has it."),
    ReferenceColumn(
        "column_name", "varchar", "Its column. Null when it is counted over rows: see formula."
    ),
    ReferenceColumn(
        "numerator_column",
        "varchar",
        "Of a rate: its numerator. Null when there is none, or the table has no column of it.",
    ),
    ReferenceColumn(
        "denominator_column",
        "varchar",
        "Of a rate: its denominator. Null when there is none, or the table has no column of it.",
    ),
    ReferenceColumn(
        "month_column", "varchar", "The column that says which month, or day, it is of."
    ),
    ReferenceColumn(
        "row_filter", "varchar", "SQL of the rows that are of this metric. Null when all are."
    ),
    ReferenceColumn("table_grain", "varchar", "What one row of its table is."),
    ReferenceColumn(
        "dimensions",
        "varchar",
        "What it can be cut by, with commas between. Null when it is of the company alone.",
    ),
    ReferenceColumn(
        "cut_by",
        "varchar",
        "How the table is cut: `segment_type`, its values being the dimensions; or `columns`. Null"
        " when it is of the company alone.",
    ),
    ReferenceColumn(
        "lineage",
        "varchar",
        "The published tables that it comes from, the nearest first, with commas between. Null when"
        " it is read from no other.",
    ),
    ReferenceColumn(
        "definition_version",
        "varchar",
        "The version of the metric definitions. The policies in force are in `metric_policy` of the"
        " tables.",
    ),
    ReferenceColumn("section", "varchar", "Where the documentation tells more."),
    ReferenceColumn("owner", "varchar", "Who answers for its table."),
)


@dataclass(frozen=True)
class Metric:
    """A metric that people and agents ask for.

    Attributes:
        name: Its name in `models/semantic`.
        title: Its name in the guide.
        section: The heading there.
        table: The published table that has it.
        column: Its column; none when rows of a fact are counted.
        counted: SQL of what a row of the fact counts, where it has no column.
        month: The column of its month.
        numerator: Of a rate: its column in the table, if it has one.
        denominator: Of a rate: its column in the table, if it has one.
        formula: How it is made, where the columns do not say it.
        unit: `money`, or words; without it, that of the column (`units.yml`).
        where: Of a table with several metrics: the rows that are of this one.
        cut: What it can be cut by: `segments`, or columns of the table; nothing: not at all.
        each: Columns of the table that have no row for the whole: it is known for each value alone.
    """

    name: str
    title: str
    section: str
    table: str
    column: str | None = None
    counted: str | None = None
    month: str = "month"
    numerator: str | None = None
    denominator: str | None = None
    formula: str | None = None
    unit: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    cut: str | Sequence[str] = ()
    each: Sequence[str] = ()

    @property
    def has_segments(self) -> bool:
        """Whether it is cut by `segment_type`, as most marts are."""
        return self.cut == SEGMENTS

    @property
    def is_typed(self) -> bool:
        """Whether its table has the cuts one by one, by `segment_type`."""
        return self.counted is None and bool(self.dimensions) and not self.each

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What it can be cut by."""
        return SEGMENT_TYPES if self.cut == SEGMENTS else tuple(self.cut)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its table that it names."""
        named = (self.column, self.numerator, self.denominator, self.month, *self.where)
        return tuple(column for column in named if column)


@cache
def read_metrics() -> dict[str, Metric]:
    """Return the metrics in the order of the guide; those without a section are parts of them."""
    found = [
        _metric(name, written)
        for name, written in semantic.metrics().items()
        if "section" in semantic.meta(name)
    ]
    return {each.name: each for each in sorted(found, key=lambda one: SECTIONS.index(one.section))}


def _metric(name: str, written: Mapping[str, Any]) -> Metric:
    said = {key: value for key, value in semantic.meta(name).items() if key not in CUT_ONLY}
    description = written["description"]
    measure = semantic.measure_of(name)
    return Metric(
        name=name,
        title=written["label"],
        counted=measure.sql if measure and "column" not in said else None,
        # One that is the description of its column says what the number is, not how it is made.
        formula=None if "doc(" in description else description.rstrip("."),
        **said,
    )


def metric_definitions(
    manifest: Mapping[str, Any],
    columns: Sequence[PublishedColumn],
    *,
    currency: str,
    definition_version: str,
) -> ReferenceTable:
    """Return the definitions of the metrics whose tables are published.

    Args:
        manifest: Of dbt.
        columns: The columns of the published models.
        currency: The reporting currency.
        definition_version: The version of the metric definitions.
    """
    models = described_models(manifest)
    lineages = published_lineage(manifest, {column.table for column in columns})
    types = {(column.table, column.name): column for column in columns}

    def rows() -> Iterator[tuple[Any, ...]]:
        for metric in read_metrics().values():
            if metric.table not in models or metric.table not in lineages:
                continue
            column = types.get((metric.table, metric.column or ""))
            definition = column.comment if column else (metric.formula or "")
            unit = metric.unit or (
                unit_of(metric.table, column.name, column.data_type) if column else None
            )
            yield (
                metric.name,
                metric.title,
                definition,
                _formula(metric, definition),
                null_meaning(definition),
                currency if unit == MONEY else unit,
                metric.table,
                metric.column,
                metric.numerator,
                metric.denominator,
                metric.month,
                " and ".join(f"{name} = '{value}'" for name, value in metric.where.items()) or None,
                models[metric.table].grain,
                ", ".join(metric.dimensions) or None,
                _cut_by(metric),
                ", ".join(lineages[metric.table]) or None,
                definition_version,
                f"{GUIDE}#{metric.section}",
                models[metric.table].owner,
            )

    return ReferenceTable(
        name=TABLE,
        grain="one row per metric.",
        description="Each metric: what it is, how it is made, which published column has it, what"
        " it can be cut by, where it comes from.",
        owner=OWNER,
        key=("metric",),
        columns=COLUMNS,
        rows=list(rows()),
    )


def _formula(metric: Metric, definition: str) -> str | None:
    if metric.formula:
        return metric.formula
    if metric.numerator and metric.denominator:
        return f"{metric.numerator} / {metric.denominator}"
    # A rate whose numerator is no column: its description begins with the formula.
    first = definition.partition(". ")[0].rstrip(".")
    return first if " / " in first else None


def _cut_by(metric: Metric) -> str | None:
    if not metric.dimensions:
        return None
    return "segment_type" if metric.is_typed else "columns"


def published_lineage(
    manifest: Mapping[str, Any], published: set[str]
) -> dict[str, tuple[str, ...]]:
    """Return which published tables each published table comes from, the nearest first."""
    nodes = manifest["nodes"]
    names = {
        name: node["alias"]
        for name, node in nodes.items()
        if node["resource_type"] == "model" and node["alias"] in published
    }

    def above(start: str) -> Iterator[str]:
        waiting, seen = [start], {start}
        while waiting:
            for parent in nodes[waiting.pop(0)]["depends_on"].get("nodes", ()):
                if parent not in seen and parent in nodes:
                    seen.add(parent)
                    waiting.append(parent)
                    if parent in names:
                        yield names[parent]

    return {alias: tuple(above(name)) for name, alias in names.items()}
