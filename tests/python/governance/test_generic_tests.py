"""Each generic test of tests/generic can fail: tried on rows that break it and rows that do not."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.cli.main import dbtRunner

from .project import ROOT, dbt_arguments

GENERIC = ROOT / "tests" / "generic"


@dataclass(frozen=True)
class Case:
    """Rows for one generic test, and whether it must object to them."""

    name: str
    generic: str
    arguments: dict[str, Any]
    rows: str
    must_fail: bool


CASES = (
    Case("grain_holds", "unique_grain", {"columns": ["a", "b"]}, "(1, 1), (1, 2)", False),
    Case("grain_of_no_rows", "unique_grain", {"columns": ["a", "b"]}, "", False),
    Case("grain_repeats", "unique_grain", {"columns": ["a", "b"]}, "(1, 1), (1, 1)", True),
    Case("grain_of_one_column", "unique_grain", {"columns": ["a"]}, "(1, 1), (1, 2)", True),
    Case(
        "grain_repeats_null", "unique_grain", {"columns": ["a", "b"]}, "(1, null), (1, null)", True
    ),
    Case("grain_is_empty", "unique_grain", {"columns": ["a", "b"]}, "(1, null)", True),
    Case(
        "optional_grain_is_empty",
        "unique_grain",
        {"columns": ["a", "b"], "optional": ["b"]},
        "(1, null), (1, 1)",
        False,
    ),
    Case(
        "others_are_filled", "unique_grain", {"columns": ["a"], "not_null": ["b"]}, "(1, 1)", False
    ),
    Case(
        "one_other_is_empty",
        "unique_grain",
        {"columns": ["a"], "not_null": ["a", "b"]},
        "(1, 1), (2, null)",
        True,
    ),
    Case("columns_are_filled", "not_null_columns", {"columns": ["a", "b"]}, "(1, 2)", False),
    Case("one_column_is_empty", "not_null_columns", {"columns": ["a", "b"]}, "(1, null)", True),
)


def generic_tests() -> set[str]:
    """Return the names of the generic tests that the project defines."""
    sql = "\n".join(path.read_text(encoding="utf-8") for path in GENERIC.glob("**/*.sql"))
    return set(re.findall(r"\{%-?\s*test\s+(\w+)\s*\(", sql))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run all cases in a project of their own and return the status of each case's test."""
    folder = tmp_path_factory.mktemp("generic")
    shutil.copytree(GENERIC, folder / "tests" / "generic")
    shutil.copytree(ROOT / "macros", folder / "macros")
    write_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CSW_HOME", str(folder))
        result = dbtRunner().invoke(dbt_arguments("build", folder, artifacts=folder))
    assert result.exception is None, result.exception
    return {
        run.node.name: str(run.status)
        for run in result.result.results
        if run.node.resource_type == "test"
    }


def write_project(folder: Path) -> None:
    """Write a dbt project with one view per case, over an in-memory database."""
    models = folder / "models"
    models.mkdir()
    settings = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    project = {
        # The name is the real one's, so that dispatched macros are found.
        "name": settings["name"],
        "profile": "generic",
        "vars": settings["vars"],
        "flags": settings["flags"],
    }
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project), encoding="utf-8")
    database = {"type": "duckdb", "path": ":memory:", "threads": 1}
    profile = {"generic": {"target": "dev", "outputs": {"dev": database}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    declared = []
    for case in CASES:
        values = f"(values {case.rows})" if case.rows else "(select 1, 1 where false)"
        sql = f"select a, b from {values} as given (a, b)"
        (models / f"{case.name}.sql").write_text(sql, encoding="utf-8")
        test = {case.generic: {"name": f"test_{case.name}", "arguments": case.arguments}}
        declared.append({"name": case.name, "data_tests": [test]})
    (models / "models.yml").write_text(yaml.safe_dump({"models": declared}), encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_generic_test_tells_bad_rows_from_good(case: Case, outcomes: dict[str, str]) -> None:
    assert outcomes[f"test_{case.name}"] == ("fail" if case.must_fail else "pass")


def test_every_generic_test_is_seen_to_fail_and_to_pass() -> None:
    assert {case.generic for case in CASES if case.must_fail} == generic_tests()
    assert {case.generic for case in CASES if not case.must_fail} == generic_tests()
