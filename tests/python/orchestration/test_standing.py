"""Which nodes a daily build may leave as they are."""

from pathlib import Path

import duckdb
import pytest

from orchestration.standing import standing_nodes

MACROS = {
    "macro.p.plain": {"macro_sql": "upper(x)", "package_name": "p", "depends_on": {"macros": []}},
    "macro.p.day": {
        "macro_sql": "{% set day = run_query('select 1') %}",
        "package_name": "p",
        "depends_on": {"macros": []},
    },
    "macro.p.present": {
        "macro_sql": "{% set found = adapter.get_relation(database, schema, name) %}",
        "package_name": "p",
        "depends_on": {"macros": []},
    },
    "macro.p.chosen": {
        "macro_sql": "{{ adapter.dispatch('chosen', 'p')() }}",
        "package_name": "p",
        "depends_on": {"macros": []},
    },
    "macro.p.outer": {
        "macro_sql": "{{ day() }}",
        "package_name": "p",
        "depends_on": {"macros": ["macro.p.day"]},
    },
}


def model(name, *, layer="staging", kind="view", code="select 1", macros=(), parents=()):
    return {
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": layer,
        "original_file_path": f"models/{layer}/x/{name}.sql",
        "config": {"materialized": kind},
        "raw_code": code,
        "depends_on": {"macros": list(macros), "nodes": list(parents)},
    }


SEED = {"resource_type": "seed", "name": "bands", "alias": "bands", "schema": "seeds"}
INLINED = model("inlined", kind="ephemeral", macros=["macro.p.outer"])
CASES = {
    "plain": (model("plain", macros=["macro.p.plain"]), True),
    "inner_view": (model("inner_view", layer="intermediate"), True),
    "table": (model("table", kind="table"), False),
    "published_view": (model("published_view", layer="facts"), False),
    "dated": (model("dated", macros=["macro.p.outer"]), False),
    "over_what_is_there": (model("over_what_is_there", macros=["macro.p.present"]), False),
    "dispatched": (model("dispatched", macros=["macro.p.chosen"]), True),
    "asking": (model("asking", code="{{ run_query('select 1') }}"), False),
    "over_dated": (model("over_dated", parents=["model.p.inlined"]), False),
    "over_other": (model("over_other", parents=["model.p.dated"]), True),
    "bands": (SEED, True),
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as connection:
        for node, _ in CASES.values():
            connection.execute(f"create schema if not exists {node['schema']}")
            connection.execute(f"create view {node['schema']}.{node['alias']} as select 1 as x")
    return file


def manifest(*nodes):
    found = {f"model.p.{node['name']}": node for node in nodes}
    return {"metadata": {"project_name": "p"}, "macros": MACROS, "nodes": found}


def test_views_and_seeds_stand_unless_their_sql_holds_what_the_warehouse_said(warehouse):
    nodes = [node for node, _ in CASES.values()]
    expected = sorted(name for name, (_, stands) in CASES.items() if stands)
    assert standing_nodes(manifest(*nodes, INLINED), warehouse) == expected


def test_what_is_not_in_the_warehouse_is_made(warehouse):
    assert standing_nodes(manifest(model("new")), warehouse) == []
