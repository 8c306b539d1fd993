"""A Postgres for all tests of this folder, and an empty database for each."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orchestration.cli import app
from orchestration.home import Home

from .publishing import Postgres, started

_numbers = itertools.count()
Publish = Callable[..., Result]


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with started() as server:
        yield server


@pytest.fixture
def postgres(server: Postgres) -> Postgres:
    name = f"bi_{next(_numbers)}"
    server_wide = Postgres(server.folder, server.binaries, "postgres")
    server_wide.ask(f"create database {name}")
    return Postgres(server.folder, server.binaries, name)


@pytest.fixture
def publish(home: Home) -> Publish:
    """Run `csw publish` on the test's home."""

    def run(to: str, *arguments: str, home: Home = home) -> Result:
        command = ["publish", "--to", to, "--home", str(home.path), *arguments]
        return CliRunner(env={"COLUMNS": "200"}).invoke(app, command)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bi folder's"
