"""A published file to read, and copies of it that a test may change."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboards.app.kept import SHELF
from orchestration.home import Home
from orchestration.publish import Publication, read_publication
from tests.python.conftest import ROOT, RunCsw, clean_environment
from tests.python.dashboards import three_tables
from tests.python.dashboards.browser import WAIT, answers, start, until


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Leave nothing open, and no view made, to the next test."""
    yield
    SHELF.close()


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


@pytest.fixture(scope="session")
def three_tables_home(run_csw: RunCsw, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A company of three files, refreshed once. Do not change it."""
    folder = tmp_path_factory.mktemp("three_tables")
    source = three_tables.write(folder / "files")
    done = run_csw("refresh", "--source", source, CSW_HOME=folder / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    return Home(folder / "home")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    driver = start()
    yield driver
    driver.quit()


@contextmanager
def served(home: Home) -> Iterator[str]:
    """Show a home's publication, and return at which address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "dashboard", "--port", str(port)],
        cwd=ROOT,
        env={**clean_environment(), "CSW_HOME": str(home.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    url = f"http://localhost:{port}"
    until(lambda: answers(url) or app.poll() is not None)
    assert app.poll() is None, app.stdout.read()
    yield url
    app.send_signal(signal.SIGTERM)
    assert app.wait(WAIT) is not None
    assert "Traceback" not in app.stdout.read()


@pytest.fixture(scope="module")
def address(demo_home: Home) -> Iterator[str]:
    """Where the demo company is shown."""
    with served(demo_home) as url:
        yield url
