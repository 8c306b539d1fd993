"""The promise to BI: the tables of public_tables.yml keep their names, grain and columns."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .judging import assert_none, breaches, model, objects
from .project import Column, DataTest, Node, Project

PROMISED: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("public_tables.yml").read_text(encoding="utf-8")
)
BUILT = [name for name, promise in PROMISED.items() if not promise.get("planned")]
PLANNED = [name for name, promise in PROMISED.items() if promise.get("planned")]

MART = model("marts/churn/mart_churn.sql", columns={"month": Column(), "churned_arr": Column()})
GRAIN = DataTest(
    "test.grain",
    "grain",
    generic="unique_grain",
    attached_to=MART.unique_id,
    arguments={"columns": ["month"]},
)
PROMISE = {"grain": ["month"], "columns": ["churned_arr"]}


def broken_promises(
    table: Node, promise: Mapping[str, list[str]], project: Project
) -> Iterator[str]:
    """A public table is published, with the promised columns, at the promised grain.

    A table that unites several systems may have source_system in its grain.
    """
    if not table.is_published:
        yield f"{table.name} is not published: config meta published"
    for column in [*promise["grain"], *promise["columns"]]:
        if column not in table.columns:
            yield f"{table.name} has no column {column}"
    tested = [set(test.arguments["columns"]) for test in project.tests_on(table, "unique_grain")]
    if not any(columns - {"source_system"} == set(promise["grain"]) for columns in tested):
        yield f"{table.name}: no unique_grain test on {', '.join(promise['grain'])}"


def by_name(project: Project) -> dict[str, Node]:
    return {node.name: node for node in project.models}


@pytest.mark.parametrize("name", BUILT)
def test_public_table_keeps_its_promise(name: str, project: Project) -> None:
    table = by_name(project).get(name)
    assert table is not None, f"{name} is gone; BI reads it"
    assert_none(breaches(broken_promises, [table], PROMISED[name], project))


@pytest.mark.parametrize("name", PLANNED)
def test_planned_table_is_not_built_yet(name: str, project: Project) -> None:
    is_built = name in by_name(project)
    assert not is_built, f"{name} is built: delete `planned` in public_tables.yml"


def test_promise_rule_objects() -> None:
    project = Project.of(MART, tests=[GRAIN])
    assert not objects(broken_promises, MART, PROMISE, project)
    more_columns = {**PROMISE, "columns": ["churned_arr", "logo_churn"]}
    assert objects(broken_promises, MART, more_columns, project)
    wider_grain = {**PROMISE, "grain": ["month", "churned_arr"]}
    assert objects(broken_promises, MART, wider_grain, project)
    assert objects(broken_promises, MART, PROMISE, Project.of(MART))
    unpublished = model("facts/fct_churn.sql", columns=MART.columns)
    assert objects(broken_promises, unpublished, PROMISE, project)
