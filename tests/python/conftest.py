"""Fixtures for all Python tests. No test touches `data/` or the network."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis.internal.conjecture import providers

from orchestration.home import Home
from tests.python import parsed

ROOT = Path(__file__).resolve().parents[2]
# The scale of the demo company that the tests refresh; the truth is compared at this size too.
DEMO_SCALE = os.environ.get("CSW_TEST_SCALE", "1")
OURS = ("CSW_", "DBT_", "DAGSTER_")
HERE = Path(__file__).parent
# Companies by the dozen: `make test` leaves them to `make test ALL=1`.
LONG_FOLDERS = ("cases", "connect", "judge", "landed")

# Hypothesis also draws the constants of all modules that happen to be imported. What a seed draws
# must not depend on which tests run beside it.
assert providers._get_local_constants
providers._get_local_constants = providers.Constants

RunCsw = Callable[..., subprocess.CompletedProcess[str]]


def clean_environment() -> dict[str, str]:
    """The environment without anything that points at somebody's home or alerts somebody."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    kept.pop("VERBOSE", None)
    return kept


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path) -> Iterator[None]:
    """Point CSW_HOME at a folder of the test, and undo what it sets in the environment."""
    before = dict(os.environ)
    during = {**clean_environment(), "CSW_HOME": str(tmp_path / "home")}
    os.environ.clear()
    os.environ.update(during)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def project_root() -> Path:
    return ROOT


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that does not exist yet."""
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def run_csw() -> RunCsw:
    """Run the command line in a process of its own, as a user does."""

    def run(*arguments: object, **environment: object) -> subprocess.CompletedProcess[str]:
        settings = {name: str(text) for name, text in environment.items()}
        # A project of the test's own is parsed by itself.
        named = settings.get("CSW_HOME") if "CSW_PROJECT" not in settings else None
        home = Home(Path(named)) if named else None
        if home:
            parsed.lend(home)
        done = subprocess.run(
            [sys.executable, "-m", "orchestration.cli", *map(str, arguments)],
            cwd=ROOT,
            env={**clean_environment(), "COLUMNS": "200", **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        if home:
            parsed.keep(home)
        return done

    return run


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def lent_parses(shared_folder: Path) -> None:
    """The project is parsed once per set of vars, not once per home."""
    parsed.Kept.folder = shared_folder / "parsed"


@pytest.fixture(scope="session")
def demo_home(run_csw: RunCsw, shared_folder: Path) -> Home:
    """The demo company, refreshed once for all tests that read it. Do not change it."""
    home = Home(shared_folder / "demo" / "home")
    failure = shared_folder / "demo_failure.txt"
    with FileLock(shared_folder / "demo.lock"):
        if not failure.exists():
            done = run_csw("refresh", "--scale", DEMO_SCALE, CSW_HOME=home.path)
            # Also for the other workers: none tries again on what a failed refresh left.
            failure.write_text(done.stdout + done.stderr if done.returncode else "")
    assert not failure.read_text(), failure.read_text()
    return home


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that no worker is left with one at the end."""
    for item in items:
        if item.path.relative_to(HERE).parts[0] in LONG_FOLDERS:
            item.add_marker("long")
    long = {item.path for item in items if item.get_closest_marker("long")}
    demo = [item.path for item in items if "demo_home" in getattr(item, "fixturenames", ())]
    # One worker makes the demo company; the others begin with what does not wait for it.
    turns = dict.fromkeys(demo, 2) | dict.fromkeys(long.difference(demo), 1)
    turns |= dict.fromkeys(demo[:1], 0)
    items.sort(key=lambda item: turns.get(item.path, 3))
