"""A toy project: one model with a unit test and a data test, compiled as dbt would."""

import hashlib
import json

import duckdb
import pytest

from mutation.project import Project
from mutation.run import Job

MODEL = """-- Grain: one row per account.
with lines as (
    select
        account_id,
        arr
    from "warehouse"."facts"."lines"
    where arr > 0
),

final as (
    select
        account_id,
        sum(arr) as arr,
        max(arr) as largest,
        coalesce(count(*), 0) as lines
    from lines
    group by account_id
)

select * from final
"""
FIXTURE = """
    select 'a' as account_id, 1 as arr
    union all select 'a' as account_id, 3 as arr
    union all select 'b' as account_id, 0 as arr
"""
UNIT_TEST = f"""
with dbt_internal_unit_test_actual as (
  select "account_id", "arr", 'actual' as "actual_or_expected" from (
    with __dbt__cte__lines as ({FIXTURE}), {{body}}
  ) _dbt_internal_unit_test_actual
),
dbt_internal_unit_test_expected as (
  select "account_id", "arr", 'expected' as "actual_or_expected" from (
    select 'a' as account_id, 4 as arr
  ) _dbt_internal_unit_test_expected
)
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
"""
DATA_TEST = """select * from "warehouse"."facts"."totals" where largest < 3"""


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _node(kind, name, path, **more):
    return {
        "resource_type": kind,
        "name": name,
        "original_file_path": path,
        "path": f"{name}.sql",
        **more,
    }


@pytest.fixture
def toy(tmp_path):
    """A project folder, and a home with its warehouse and its compiled files."""
    root, home = tmp_path / "root", tmp_path / "home"
    target = home / "dbt" / "target"
    path, yml = "models/totals.sql", "models/totals.yml"
    checksum = hashlib.sha256(MODEL.strip().encode()).hexdigest()
    nodes = {
        "model.toy.totals": _node(
            "model",
            "totals",
            path,
            relation_name='"warehouse"."facts"."totals"',
            config={"materialized": "table"},
            checksum={"checksum": checksum},
            depends_on={"nodes": []},
        ),
        "test.toy.largest": _node(
            "test", "largest", yml, depends_on={"nodes": ["model.toy.totals"]}
        ),
    }
    units = {
        "unit_test.toy.totals.adds_up": {
            "name": "adds_up",
            "model": "totals",
            "original_file_path": yml,
        }
    }
    manifest = {"metadata": {"project_name": "toy"}, "nodes": nodes, "unit_tests": units}
    _write(target / "manifest.json", json.dumps(manifest))
    _write(root / path, MODEL)
    _write(target / "compiled" / "toy" / path, MODEL)
    _write(target / "compiled" / "toy" / yml / "largest.sql", DATA_TEST)
    body = MODEL.replace('"warehouse"."facts"."lines"', "__dbt__cte__lines").split("with ", 1)[1]
    _write(target / "run" / "toy" / yml / "models" / "adds_up.sql", UNIT_TEST.format(body=body))
    (home / "truth").mkdir()
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("create schema facts")
        connection.execute("create table facts.lines as select 'a' as account_id, 3 as arr")
        connection.execute("insert into facts.lines values ('a', 5), ('b', 7)")
        connection.execute(f"create table facts.totals as {MODEL}")
    return root, home, target


@pytest.fixture
def job(toy, tmp_path):
    root, home, target = toy
    return Job(root, home, target, frozenset({"model.toy.totals"}), 1.0, tmp_path)


@pytest.fixture
def project(toy):
    root, _, target = toy
    return Project.read(root, target)
