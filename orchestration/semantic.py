"""The metrics as code: what `models/semantic` says, read once for all who compute or list them.

dbt hands the same files to MetricFlow. Read here are the parts that the app and agents need: of
which fact and by which SQL a metric is added up, and which mart has it as a column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from orchestration.project import project_root

FOLDER = "models/semantic"
SUM = "sum"


@dataclass(frozen=True)
class Measure:
    """A column of a semantic model that is added up.

    Attributes:
        fact: The published table whose rows it is added up from.
        sql: SQL of what a row adds.
        aggregation: How rows are put together, such as `sum`.
        month: SQL of the month that a row is of.
        dimensions: What the rows can be cut by.
    """

    fact: str
    sql: str
    aggregation: str
    month: str
    dimensions: frozenset[str]


@cache
def measures() -> dict[str, Measure]:
    """Return the measures of all semantic models by their names."""
    return {
        measure["name"]: Measure(
            fact=model["model"].removeprefix("ref('").removesuffix("')"),
            sql=str(measure.get("expr", measure["name"])),
            aggregation=measure["agg"],
            month=_month(model),
            dimensions=frozenset(dimension["name"] for dimension in model["dimensions"]),
        )
        for file in _files()
        for model in file.get("semantic_models", ())
        for measure in model.get("measures", ())
    }


@cache
def metrics() -> dict[str, Mapping[str, Any]]:
    """Return the metrics as they are written, by their names."""
    return {metric["name"]: metric for file in _files() for metric in file.get("metrics", ())}


def meta(name: str) -> Mapping[str, Any]:
    """Return what a metric says of itself beyond what MetricFlow reads: its table, its column."""
    return metrics()[name].get("config", {}).get("meta", {})


def measure_of(name: str) -> Measure | None:
    """Return the measure of a simple metric; none of a metric that is made of others."""
    metric = metrics()[name]
    if metric["type"] != "simple":
        return None
    measure = metric["type_params"]["measure"]
    return measures()[measure if isinstance(measure, str) else measure["name"]]


def sides_of(name: str) -> tuple[Measure, Measure] | None:
    """Return what is above and below the line of a rate; none of what is no rate of two sums."""
    params = metrics()[name]["type_params"]
    if "numerator" in params:
        sides = [measure_of(params[side]) for side in ("numerator", "denominator")]
    else:
        said = meta(name)
        columns = [said.get("numerator"), said.get("denominator")]
        sides = [_measure_of_column(said.get("table"), column) for column in columns]
    match sides:
        case [Measure() as above, Measure() as below]:
            return above, below
    return None


def _measure_of_column(table: str | None, column: str | None) -> Measure | None:
    for name in metrics() if table and column else ():
        if (meta(name).get("table"), meta(name).get("column")) == (table, column):
            return measure_of(name)
    return None


def _month(model: Mapping[str, Any]) -> str:
    time = model.get("defaults", {}).get("agg_time_dimension")
    for dimension in model["dimensions"]:
        if dimension["name"] == time:
            return str(dimension.get("expr", time))
    return ""


@cache
def _files() -> tuple[Mapping[str, Any], ...]:
    folder = project_root() / FOLDER
    return tuple(
        yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.yml"))
    )
