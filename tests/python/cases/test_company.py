"""What makes companies of a few rows is itself right."""

import re
from datetime import date
from pathlib import Path

import pytest

from mutation.project import Project
from orchestration.home import FILES_SOURCES, Home, HomeConfig
from orchestration.last_publication import load_last_publication
from orchestration.project import project_root
from tests.python.cases.company import AS_OF, EMPTY, TARGETS, compile_project
from tests.python.parsed import run_dbt

OTHER_DAY = "2024-02-29"
# dbt's id of its own run, which a generation of numbers is named after.
INVOCATION = re.compile(r"'[0-9a-f]{8}-[0-9a-f-]{27}'")


@pytest.mark.nightly
def test_the_day_is_a_literal_in_all_that_is_built_here(home: Home) -> None:
    """So that the SQL which is compiled for one day is that of any other."""
    settings = {"as_of_date": OTHER_DAY, "fx_mode": "as_booked"}
    home.create()
    home.write(HomeConfig("case", "files", sources=dict(FILES_SOURCES), vars=settings))
    load_last_publication(home, date.fromisoformat(OTHER_DAY))
    run_dbt(home, "seed")
    run_dbt(home, "compile", "--exclude", "resource_type:unit_test")
    alone = Project.read(project_root(), home.dbt_target)

    lent = compile_project(FILES_SOURCES, OTHER_DAY, {"fx_mode": "as_booked"})
    assert lent.models
    sql = {model.unique_id: _of_any_run(model.sql, lent.seeds) for model in lent.models}
    needed = _needed(alone, TARGETS)
    assert len(needed) > 100
    assert AS_OF not in "".join(sql.values())
    for key in needed:
        assert sql[key] == _of_any_run(alone.models[key].sql, home.warehouse), key


def _needed(project: Project, targets: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    waiting = [key for key, model in project.models.items() if model.name in targets]
    while waiting:
        key = waiting.pop()
        if key in project.models and key not in found and project.models[key].name not in EMPTY:
            found.add(key)
            waiting += project.models[key].parents
    return found


def _of_any_run(sql: str, warehouse: Path) -> str:
    return INVOCATION.sub("", sql.replace(str(warehouse.parent), ""))
