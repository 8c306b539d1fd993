import json

import duckdb
import pytest

from orchestration.dbt_assets import failure_text, layer_of, owners_of
from orchestration.dbt_results import (
    BuildResult,
    Problem,
    description_of,
    read_build,
    with_first_rows,
)
from orchestration.home import Home

MANIFEST = {
    "nodes": {
        "test.p.unique_x": {
            "name": "unique_x",
            "description": "An account has one row.",
            "package_name": "p",
            "original_file_path": "models/facts/_facts.yml",
            "path": "unique_x.sql",
        },
        "model.p.fct": {
            "name": "fct",
            "description": "A fact.",
            "package_name": "p",
            "original_file_path": "models/facts/fct.sql",
            "path": "facts/fct.sql",
        },
    },
    "unit_tests": {"unit_test.p.fct.adds_up": {"name": "adds_up", "description": "It adds up."}},
}


def result(unique_id, status, failures=None, message=""):
    return {"unique_id": unique_id, "status": status, "failures": failures, "message": message}


def read(tmp_path, *results):
    content = {"elapsed_time": 1.5, "results": list(results)}
    (tmp_path / "run_results.json").write_text(json.dumps(content))
    return read_build(tmp_path, MANIFEST)


def test_counts(tmp_path):
    build = read(
        tmp_path,
        result("model.p.fct", "success"),
        result("seed.p.fx", "success"),
        result("test.p.unique_x", "pass"),
        result("test.p.other", "warn", 2),
        result("unit_test.p.fct.adds_up", "pass"),
    )
    assert (build.built, build.tests_passed, build.tests_warned, build.tests_failed) == (2, 2, 1, 0)
    assert build.succeeded
    assert build.warnings[0].failing_rows == 2


def test_failing_test_has_rows_description_and_sql(tmp_path):
    compiled = tmp_path / "compiled" / "p" / "models" / "facts" / "_facts.yml" / "unique_x.sql"
    compiled.parent.mkdir(parents=True)
    compiled.write_text("select 1")
    build = read(tmp_path, result("test.p.unique_x", "fail", 7), result("model.p.fct", "skipped"))
    assert not build.succeeded
    assert build.tests_failed == 1
    assert build.skipped == 1
    (problem,) = build.failures
    assert problem.failing_rows == 7
    assert problem.description == "An account has one row."
    assert problem.compiled == compiled


def test_a_failing_test_names_its_model_the_rule_and_the_first_rows(tmp_path):
    home = Home(tmp_path)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create table fct as select i, 'x' as name from range(7) as r (i)")
    (tmp_path / "unique_x.sql").write_text("select * from fct order by i")
    problem = Problem(
        "unique_x", "test", 7, "One row.", "Got 7", tmp_path / "unique_x.sql", model="fct"
    )
    build = BuildResult(failures=[with_first_rows(problem, home.warehouse)])
    assert failure_text(build, home).splitlines()[1:4] == [
        "fct: 7 rows break unique_x (One row), first",
        "  i: 0, name: x",
        "  i: 1, name: x",
    ]


@pytest.mark.parametrize(
    "code",
    [
        "-- It all\n--   adds up.\n\nselect 1 -- no\n",
        "{{ config(meta={'a': 1}) }}\n\n-- It all\n-- adds up.\nselect 1",
        "{# It all\n   adds up. #}\nselect 1",
    ],
)
def test_comment_of_a_singular_test_is_its_description(code):
    node = {"resource_type": "test", "description": "", "raw_code": code}
    assert description_of(node) == "It all adds up."
    assert description_of({**node, "description": "Said."}) == "Said."
    assert description_of({**node, "raw_code": "select 1 -- It all adds up."}) == ""


def test_failing_unit_test_and_broken_model_are_problems(tmp_path):
    build = read(
        tmp_path,
        result("unit_test.p.fct.adds_up", "fail", 1, "actual differs from expected"),
        result("model.p.fct", "error", None, "Binder Error"),
    )
    assert [problem.name for problem in build.failures] == ["adds_up", "fct"]
    assert build.failures[0].description == "It adds up."
    assert build.failures[1].message == "Binder Error"
    assert build.tests_failed == 1


def test_layer_is_the_folder():
    model = {"resource_type": "model", "original_file_path": "models/marts/churn/mart_x.sql"}
    assert layer_of(model) == "marts"
    assert layer_of({"resource_type": "seed", "original_file_path": "seeds/fx.csv"}) == "seeds"


def test_owner_is_meta_then_group():
    assert owners_of({"config": {"meta": {"owner": "ann@example.com"}}}) == ["ann@example.com"]
    assert owners_of({"config": {}, "group": "customer success"}) == ["team:customer_success"]
    with_mail = {"config": {}, "group": {"name": "finance", "owner": {"email": "f@example.com"}}}
    assert owners_of(with_mail) == ["f@example.com"]
    assert owners_of({"config": {}}) == []
