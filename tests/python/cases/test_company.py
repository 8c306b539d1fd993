"""What makes companies of a few rows is itself right."""

import re
from datetime import date
from pathlib import Path

import pytest

from mutation.project import Project
from orchestration.home import FILES_SOURCES, Home, HomeConfig
from orchestration.last_publication import load_last_publication
from orchestration.project import project_root
from tests.python import parsed
from tests.python.cases.company import TARGETS, compile_project, needed

OTHER_DAY = "2024-02-29"
# dbt's id of its own run, which a generation of numbers is named after.
INVOCATION = re.compile(r"'[0-9a-f]{8}-[0-9a-f-]{27}'")


OTHER_POLICIES = {
    "fx_mode": "as_booked",
    "customer_grain": "ultimate_parent",
    "delinquent_policy": "past_due_is_churn",
    "discount_policy": "gross",
    "dispute_policy": "voluntary",
    "end_dates": "inclusive",
    "overlap_policy": "both",
    "pause_policy": "keep",
}


def test_the_parse_of_a_home_can_be_lent(demo_home: Home) -> None:
    """Red when dbt hashes places in another way: all is right then, and slower."""
    assert parsed.is_kept(demo_home)


@pytest.mark.nightly
def test_what_is_lent_is_what_dbt_makes_alone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """For other policies and another day: the SQL of models and data tests is the same."""
    lent = compile_project(FILES_SOURCES, OTHER_DAY, OTHER_POLICIES)

    monkeypatch.setattr(parsed.Kept, "folder", None)
    settings = {"as_of_date": OTHER_DAY, **OTHER_POLICIES}
    home.create()
    home.write(HomeConfig("case", "files", sources=dict(FILES_SOURCES), vars=settings))
    load_last_publication(home, date.fromisoformat(OTHER_DAY))
    parsed.run_dbt(home, "seed")
    parsed.run_dbt(home, "compile", "--exclude", "resource_type:unit_test")
    alone = Project.read(project_root(), home.dbt_target)

    keys = needed(alone.models, TARGETS)
    assert len(keys) > 100
    made = {model.unique_id: _of_any_run(model.sql, lent.seeds) for model in lent.models}
    for key in keys:
        assert made[key] == _of_any_run(alone.models[key].sql, home.warehouse), key
    tests = {test.name: _of_any_run(test.sql, lent.seeds) for test in lent.tests}
    compared = [test for test in alone.data_tests if test.models <= keys]
    assert len(compared) > 100
    for test in compared:
        assert tests[test.name] == _of_any_run(test.sql, home.warehouse), test.name


def _of_any_run(sql: str, warehouse: Path) -> str:
    return INVOCATION.sub("", sql.replace(str(warehouse.parent), ""))
