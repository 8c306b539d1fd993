"""A refresh is killed, kept waiting, or fails late: nobody writes behind it, somebody is told."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from tiny_company import TINY_PROJECT, write_files
from typer.testing import CliRunner

from orchestration import refresh as refreshing
from orchestration import summary
from orchestration.alerts import send_alert
from orchestration.cli import app
from orchestration.database import BusyError, DatabaseError, connect, wait_until_free
from orchestration.dbt_process import STARTED_BY_VARIABLE
from orchestration.home import HomeConfig
from orchestration.lock import home_lock
from orchestration.progress import Recorder, RunRecord, watching
from orchestration.refresh import RefreshResult

SLOW = "select sum(a.range * b.range) as n from range(10000000) as a, range(10000000) as b"
PATIENCE_SECONDS = 120


def wait_for(condition) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    """Whether a process runs. One that was killed holds its files until its last thread ends."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except FileNotFoundError:
        return False
    return state != "Z" or threads > 1


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_dbt_ends_with_the_command_that_was_killed(tmp_path, home, project_root):
    project = tmp_path / "project"
    shutil.copytree(TINY_PROJECT, project)
    (project / "models" / "facts" / "slow.sql").write_text(SLOW)
    home.write(HomeConfig())
    command = [sys.executable, "-m", "orchestration.cli", "dbt", "--", "run", "--select", "slow"]
    settings = {**os.environ, "CSW_PROJECT": str(project), "CSW_HOME": str(home.path)}
    csw = subprocess.Popen(
        command, cwd=project_root, env=settings, stdout=subprocess.DEVNULL, start_new_session=True
    )
    children = Path(f"/proc/{csw.pid}/task/{csw.pid}/children")
    wait_for(lambda: children.read_text().split() and home.warehouse.exists())
    (dbt,) = map(int, children.read_text().split())
    os.kill(csw.pid, signal.SIGKILL)
    csw.wait()
    try:
        wait_for(lambda: not is_alive(dbt))
        with home_lock(home), duckdb.connect(home.warehouse) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        if is_alive(dbt):
            os.kill(dbt, signal.SIGKILL)


def test_dbt_does_not_start_for_a_command_that_has_ended(project_root):
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.dbt_process", "--version"],
        cwd=project_root,
        env={**os.environ, STARTED_BY_VARIABLE: "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == b""


READER = """
import sys, time, duckdb
with duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reads"):
    print("open", flush=True)
    time.sleep(float(sys.argv[3]))
"""


@contextmanager
def somebody(warehouse: Path, does: str, seconds: float) -> Iterator[int]:
    """A process that has a file open for some seconds; its id."""
    command = [sys.executable, "-c", READER, str(warehouse), does, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"open\n"
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.fixture
def warehouse(home) -> Path:
    home.create()
    duckdb.connect(home.warehouse).close()
    return home.warehouse


@pytest.mark.parametrize(("does", "read_only"), [("reads", False), ("writes", True)])
def test_a_file_that_somebody_has_open_is_waited_for_and_they_are_named(warehouse, does, read_only):
    with somebody(warehouse, does, 2) as pid, watching(Recorder()) as recorder:
        connect(warehouse, read_only=read_only).close()
    (note,) = recorder.record.notes
    assert f"held open by process {pid}" in note


def test_the_wait_has_an_end_that_names_who_is_in_the_way(warehouse, monkeypatch):
    monkeypatch.setenv("CSW_WAIT_SECONDS", "0.5")
    with somebody(warehouse, "reads", 60) as pid:
        with pytest.raises(BusyError, match=f"process {pid}.*0.5 seconds did not help"):
            wait_until_free(warehouse)
        wait_until_free(warehouse, read_only=True)
        with pytest.raises(BusyError, match=f"process {pid}"):
            connect(warehouse, wait=False)


def test_a_wait_that_is_no_number_is_refused(warehouse, monkeypatch):
    monkeypatch.setenv("CSW_WAIT_SECONDS", "long")
    with pytest.raises(DatabaseError, match="CSW_WAIT_SECONDS"):
        connect(warehouse)


def test_the_warehouse_is_opened_where_it_is_waited_for(project_root):
    """`duckdb.connect` with a file does not wait; without one it is a database of one's own."""
    found = [
        str(path.relative_to(project_root))
        for path in (project_root / "orchestration").rglob("*.py")
        if re.search(r"duckdb\.connect\([^)]", path.read_text(encoding="utf-8"))
    ]
    assert found == ["orchestration/database.py"]


@pytest.mark.long
def test_a_refresh_waits_for_who_reads_the_warehouse(tmp_path, home, run_csw):
    source = write_files(tmp_path / "acme", {"a1": 1200})
    place = {"CSW_HOME": home.path, "CSW_PROJECT": TINY_PROJECT}
    first = run_csw("refresh", "--source", source, "--as-of", "2025-12-30", **place)
    assert first.returncode == 0, first.stdout + first.stderr
    with somebody(home.warehouse, "reads", 25) as pid:
        done = run_csw("refresh", "--as-of", "2025-12-31", **place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"held open by process {pid}" in " ".join(done.stdout.split())


@pytest.fixture
def alert(tmp_path, monkeypatch):
    file = tmp_path / "alert"
    monkeypatch.setenv("CSW_ALERT_COMMAND", f'cat >> "{file}"')
    return file


def test_a_report_that_fails_hides_no_alert(tmp_path, home, alert, monkeypatch):
    record = RunRecord(run_id="r1")
    failed = RefreshResult(record, {"load_files": "items.csv is half"}, 1.0, tmp_path / "log")
    monkeypatch.setattr(refreshing, "refresh", lambda *_, **__: failed)

    def broken(*_: object) -> None:
        raise duckdb.IOException("Could not set lock on file")

    monkeypatch.setattr(summary, "show_result", broken)
    assert CliRunner().invoke(app, ["refresh"]).exit_code != 0
    assert "load_files: items.csv is half" in alert.read_text()
    assert "published files are unchanged" in alert.read_text()


@pytest.mark.parametrize("arguments", [["--source", "nothing there"], []])
def test_whatever_stops_a_refresh_is_alerted(home, alert, monkeypatch, arguments):
    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(refreshing, "refresh", broken)
    assert CliRunner().invoke(app, ["refresh", *arguments]).exit_code != 0
    said = alert.read_text()
    assert "is to be a folder of files" in said if arguments else "No space left" in said


@pytest.mark.parametrize(
    "address", ["hooks.example.com/a-secret", "http://[::a-secret", "http://127.0.0.1:a-secret/"]
)
def test_an_alert_that_has_no_address_is_said_and_stops_nothing(address, monkeypatch, alert):
    monkeypatch.setenv("CSW_ALERT_WEBHOOK", address)
    (problem,) = send_alert("it failed: \udcff.csv", "r1")
    assert "is no address" in problem
    assert "a-secret" not in problem
    assert alert.read_text() == "it failed: \\udcff.csv"
