"""A load is tried again, later each time, where that can help; never for what a file says."""

import errno
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration import retries
from orchestration.connectors.road import ConnectError, PassingError
from orchestration.database import BusyError
from orchestration.loads import LoadError
from orchestration.loads.landed import Landed
from orchestration.loads.landed_database import attached
from orchestration.progress import Recorder, watching
from orchestration.retries import WAITS, may_pass, trying_again

LOCKED = "IO Error: Could not set lock on file"
NETWORK = "IO Error: Unable to connect to Postgres: connection refused"


@pytest.mark.parametrize(
    "error",
    [
        PassingError("Stripe cannot be reached"),
        duckdb.IOException(LOCKED),
        duckdb.IOException(NETWORK),
        duckdb.HTTPException("HTTP Error: HTTP GET error (HTTP 503)"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        TimeoutError("timed out"),
        OSError(errno.ESTALE, "Stale file handle"),
        FileNotFoundError(errno.ENOENT, "No such file or directory"),
    ],
)
def test_somebody_elses_lock_server_or_network_may_pass(error: Exception) -> None:
    assert may_pass(error)


@pytest.mark.parametrize(
    "error",
    [
        LoadError("required table accounts is missing"),
        ConnectError("the key is refused"),
        BusyError("was waited for already"),
        duckdb.ConversionException("Could not convert string 'connection refused' to INT32"),
        duckdb.HTTPException("HTTP Error: HTTP GET error (HTTP 403)"),
        duckdb.IOException("IO Error: The file is not a valid DuckDB database file"),
        OSError(errno.ENOSPC, "No space left on device"),
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.ENAMETOOLONG, "File name too long"),
        IsADirectoryError(errno.EISDIR, "Is a directory"),
        KeyError("column"),
    ],
)
def test_what_waits_for_a_person_does_not_pass(error: Exception) -> None:
    assert not may_pass(error)


def wrapped(error: Exception) -> Exception:
    """As dlt wraps what a source raised."""
    outer = RuntimeError("extraction failed")
    outer.__cause__ = error
    return outer


def test_each_try_waits_longer_and_the_last_tells_how_often_it_was_tried() -> None:
    waited = []
    for number, _ in enumerate(WAITS):
        with (
            watching(Recorder()) as recorder,
            pytest.raises(dg.RetryRequested) as asked,
            trying_again("stripe", number),
        ):
            raise wrapped(duckdb.IOException(LOCKED))
        waited.append(asked.value.seconds_to_wait)
        (note,) = recorder.record.notes
        assert LOCKED in note
        assert f"in {asked.value.seconds_to_wait} seconds" in note
    assert waited == sorted(set(waited))
    with pytest.raises(dg.Failure) as ended, trying_again("stripe", len(WAITS)):
        raise wrapped(duckdb.IOException(LOCKED))
    assert "stripe could not be loaded" in ended.value.description
    assert f"{len(WAITS) + 1} times" in ended.value.description
    assert not ended.value.allow_retries


def test_a_refusal_is_told_as_it_is_and_at_once() -> None:
    with pytest.raises(dg.Failure) as ended, trying_again("files", 0):
        raise wrapped(LoadError("files: 1 problem(s)"))
    assert ended.value.description == "files: 1 problem(s)"
    assert not ended.value.allow_retries


def test_dagster_loads_what_passed_at_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "WAITS", (0, 0, 0))
    tries = []

    @dg.op
    def load(context: dg.OpExecutionContext) -> None:
        with trying_again("stripe", context.retry_number):
            tries.append(context.retry_number)
            if len(tries) < 3:
                raise PassingError("Stripe cannot be reached")

    @dg.job
    def night() -> None:
        load()

    assert night.execute_in_process().success
    assert tries == [0, 1, 2]


WRITER = """
import sys, duckdb
with duckdb.connect(sys.argv[1]) as connection:
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_database_that_its_loader_is_writing_may_pass(tmp_path: Path) -> None:
    file = tmp_path / "landed.duckdb"
    command = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as loader:
        assert loader.stdout.readline() == b"open\n"
        assert refusal_of(file).may_pass
        loader.stdin.close()


def test_a_database_that_is_none_does_not_pass(tmp_path: Path) -> None:
    file = tmp_path / "landed.duckdb"
    file.write_bytes(b"no database" * 1000)
    assert not refusal_of(file).may_pass


def refusal_of(file: Path) -> LoadError:
    """What is said where a landed database cannot be opened."""
    with (
        duckdb.connect() as connection,
        pytest.raises(LoadError, match="cannot be opened") as refused,
        attached(connection, Landed.of("dlt", file, "stripe")),
    ):
        pass
    return refused.value
