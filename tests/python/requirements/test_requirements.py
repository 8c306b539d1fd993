"""The table of requirements is current, and what it names exists, is described and is not empty."""

import re

import duckdb
import pytest
import yaml

from orchestration.home import Home
from tests.python.requirements.table import PAGE, ROOT, page, requirements, status

ROWS = requirements()
NAMED = sorted({column for row in ROWS.values() for column in row.get("by", [])})


@pytest.fixture(scope="module")
def described() -> dict[str, str]:
    """Table.column -> its description, from the YAML beside the models."""
    found = {}
    for path in (ROOT / "models").rglob("*__models.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            for column in model.get("columns", []):
                found[f"{model['name']}.{column['name']}"] = column.get("description", "")
    return found


@pytest.fixture(scope="module")
def test_names() -> set[str]:
    """All dbt unit tests and data tests of a file."""
    names = {path.stem for path in (ROOT / "tests").rglob("assert_*.sql")}
    for path in (ROOT / "models").rglob("*__unit_tests.yml"):
        names |= set(re.findall(r"^  - name: (\w+)$", path.read_text(), flags=re.MULTILINE))
    return names


def test_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(ROWS)


def test_all_requirements_are_there() -> None:
    numbers = [int(number.removeprefix("R")) for number in ROWS]
    assert len(numbers) == 95
    assert numbers == sorted(set(numbers))


def test_each_row_is_answered_or_says_what_is_missing() -> None:
    for number, row in ROWS.items():
        assert set(row) <= {"asks", "by", "test", "missing"}, number
        assert ("by" in row) == ("test" in row), number
        assert "by" in row or "missing" in row, number
    assert {status(row) for row in ROWS.values()} == {"answered", "partly", "not"}


@pytest.mark.parametrize("column", NAMED)
def test_named_column_is_described(column: str, described: dict[str, str]) -> None:
    assert described.get(column), f"{column} is not described beside its model"


def test_each_named_test_exists(test_names: set[str]) -> None:
    for number, row in ROWS.items():
        assert row.get("test", "nrr_grr_10m") in test_names, number


def test_named_columns_are_filled_on_the_demo_company(demo_home: Home) -> None:
    """The published file has each column, with something in it."""
    published = demo_home.path / "published" / "customer_success.duckdb"
    empty = []
    with duckdb.connect(str(published), read_only=True) as connection:
        for named in NAMED:
            table, column = named.split(".")
            (filled,) = connection.execute(
                f'select count("{column}") from marts."{table}"'
            ).fetchone()
            if not filled:
                empty.append(named)
    assert not empty
