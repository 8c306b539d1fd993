"""A published file to read, and copies of it that a test may change."""

import shutil
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.publish import Publication, read_publication


@pytest.fixture
def publication(demo_home: Home) -> Publication:
    found = read_publication(demo_home.published)
    assert found
    return found


@pytest.fixture
def database(demo_home: Home, publication: Publication) -> Path:
    return demo_home.published / publication.database


@pytest.fixture
def changed(database: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a copy of the published file in which some statements were executed."""
    copies = 0

    @contextmanager
    def writing(copy: Path):
        with duckdb.connect(copy) as connection:
            connection.execute("use marts")
            yield connection

    def change(*statements: str, is_emptied: bool = False) -> Path:
        nonlocal copies
        copies += 1
        copy = tmp_path / f"changed_{copies}.duckdb"
        shutil.copyfile(database, copy)
        with writing(copy) as connection:
            if is_emptied:
                for (table,) in connection.execute(
                    "select table_name from duckdb_tables() where schema_name = 'marts'"
                ).fetchall():
                    connection.execute(f'delete from "{table}"')
            for statement in statements:
                connection.execute(statement)
        return copy

    return change
