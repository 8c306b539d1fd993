"""Our own `table` materialization (macros/materialization_table.sql), in a project of its own."""

import shutil
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.cli.main import dbtRunner

from .project import ROOT, dbt_arguments

BY_SQL = "by_sql"
BY_PYTHON = "by_python"


class Tables:
    """A project of one table in SQL and one in Python, and the warehouse it is built in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "macros").mkdir()
        for name in ("materialization_table.sql", "persist_docs.sql"):
            shutil.copy(ROOT / "macros" / name, folder / "macros")
        (folder / "models").mkdir()
        project = {
            "name": "tables",
            "profile": "tables",
            "models": {
                "+materialized": "table",
                "+persist_docs": {"relation": True, "columns": True},
            },
        }
        (folder / "dbt_project.yml").write_text(yaml.safe_dump(project), encoding="utf-8")
        database = {"type": "duckdb", "path": str(folder / "warehouse.duckdb"), "threads": 1}
        profile = {"tables": {"target": "dev", "outputs": {"dev": database}}}
        (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        columns = [{"name": "x", "description": "It's a 'number'."}]
        described = [
            {"name": name, "description": "What it is.", "columns": columns}
            for name in (BY_SQL, BY_PYTHON)
        ]
        (folder / "models" / "models.yml").write_text(yaml.safe_dump({"models": described}))

    def build(self, sql: str, python: str) -> dict[str, str]:
        """Build both tables; the status of each."""
        code = f"import pandas\n\ndef model(dbt, session):\n    return {python}\n"
        (self.folder / "models" / f"{BY_SQL}.sql").write_text(sql, encoding="utf-8")
        (self.folder / "models" / f"{BY_PYTHON}.py").write_text(code, encoding="utf-8")
        done = dbtRunner().invoke(dbt_arguments("run", self.folder, artifacts=self.folder))
        assert done.exception is None, done.exception
        return {run.node.name: str(run.status) for run in done.result.results}

    def read(self, query: str) -> list[tuple]:
        # dbt keeps the file open in this process, so it is opened the same way here.
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    built = Tables(tmp_path)
    built.build("select 1 as x", "pandas.DataFrame({'x': [1]})")
    return built


@pytest.mark.parametrize("name", [BY_SQL, BY_PYTHON])
def test_table_is_replaced_and_described(tables, name):
    tables.build("select 'two' as x", "pandas.DataFrame({'x': ['two']})")
    assert tables.read(f"select x from {name}") == [("two",)]
    comments = "select table_name, comment from duckdb_tables() order by 1"
    assert tables.read(comments) == [(BY_PYTHON, "What it is."), (BY_SQL, "What it is.")]
    of_columns = f"select column_name, comment from duckdb_columns() where table_name = '{name}'"
    assert tables.read(of_columns) == [("x", "It's a 'number'.")]


def test_describing_a_column_that_is_not_there_fails(tables):
    status = tables.build("select 1 as y", "pandas.DataFrame({'y': [1]})")
    assert set(status.values()) == {"error"}
    assert tables.read("select x from by_sql union all select x from by_python") == [(1,), (1,)]


def test_failure_leaves_the_table_that_was_there(tables):
    status = tables.build("select cast('no number' as integer) as x", "1 / 0")
    assert set(status.values()) == {"error"}
    assert tables.read("select x from by_sql union all select x from by_python") == [(1,), (1,)]


def test_view_becomes_a_table_and_back(tables):
    tables.build("{{ config(materialized='view') }} select 2 as x", "pandas.DataFrame({'x': [1]})")
    assert tables.read("select view_name from duckdb_views() where not internal") == [(BY_SQL,)]
    tables.build("select 3 as x", "pandas.DataFrame({'x': [1]})")
    assert tables.read("select view_name from duckdb_views() where not internal") == []
    assert tables.read("select x from by_sql") == [(3,)]
