"""Whatever stops a command is told in words and by an exit code, never by a traceback."""

import errno
import os
import re
import sqlite3
import time
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration import cli, errors
from orchestration import refresh as refreshing
from orchestration.errors import FAILED, HELD, MACHINE, TROUBLES, UNKNOWN, advice_on, explain
from orchestration.home import HomeConfig, HomeError
from orchestration.lock import HomeLockedError
from orchestration.settings_file import SettingsFile, SettingsFileError

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number), "warehouse.duckdb")


def wrapped(error: Exception) -> Exception:
    """As dlt and Dagster hand on what a tool raised."""
    try:
        try:
            raise error
        except Exception as inner:
            raise RuntimeError("Pipeline execution failed") from inner
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (HomeError("name the folder"), FAILED, "name the folder"),
        (HomeLockedError("process 7 works here"), HELD, "process 7 works here"),
        (os_error(errno.ENOSPC), MACHINE, "The disk is full"),
        (os_error(errno.EDQUOT), MACHINE, "The disk is full"),
        (os_error(errno.EFBIG), MACHINE, "A limit on the size of files"),
        (os_error(errno.EROFS), MACHINE, "can only be read"),
        (os_error(errno.EACCES), MACHINE, "may not use a file"),
        (os_error(errno.EISDIR), MACHINE, "Is a directory: 'warehouse.duckdb'"),
        (wrapped(os_error(errno.ENOSPC)), MACHINE, "The disk is full"),
        (duckdb.OutOfMemoryException("Out of Memory Error: 4GB"), MACHINE, "CSW_MEMORY_LIMIT"),
        (duckdb.IOException("not a valid DuckDB database file!"), MACHINE, "from a backup"),
        (sqlite3.OperationalError("disk I/O error"), MACHINE, "The disk refuses"),
        (sqlite3.OperationalError("database or disk is full"), MACHINE, "The disk is full"),
        (sqlite3.DatabaseError("database disk image is malformed"), MACHINE, "dagster/"),
        (KeyError("close_month"), UNKNOWN, "KeyError: 'close_month'"),
    ],
)
def test_an_error_is_told_by_what_to_do_and_by_its_exit_code(home, monkeypatch, error, code, said):
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(refreshing, "refresh", broken)
    done = runner.invoke(cli.app, ["refresh"])
    assert (done.exit_code, said in done.output) == (code, True)
    assert "Traceback" not in done.output


def test_the_traceback_of_an_unknown_error_is_kept_in_a_file():
    text, _ = explain(wrapped(ValueError("odd")))
    kept = Path(re.search(r"is in (\S+)\.$", text)[1])
    assert "ValueError: odd" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.unlink()


def test_a_disk_that_holds_no_traceback_hides_no_message(monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise os_error(errno.ENOSPC)

    monkeypatch.setattr(errors.tempfile, "NamedTemporaryFile", full)
    assert "ValueError: odd" in explain(ValueError("odd"))[0]


def test_a_warehouse_that_is_none_is_explained(home):
    home.write(HomeConfig())
    home.warehouse.write_bytes(b"no database" * 1000)
    done = runner.invoke(cli.app, ["status"])
    assert done.exit_code == MACHINE
    assert "Put warehouse.duckdb back from a backup" in done.output


def test_answers_and_errors_do_not_share_a_stream(home):
    done = runner.invoke(cli.app, ["query", "select 1"])
    assert done.exit_code == FAILED
    assert done.stdout == ""
    assert done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("company: Größe\n".encode("latin-1"), "is not in UTF-8"),
        ("company: Acme\n".encode("utf-16"), "is not in UTF-8"),
        (b"company: !env NAME\n", ":1: this is not valid YAML: could not determine a constructor"),
        (b"company: !!python/object:os.system x\n", ":1: this is not valid YAML"),
        (b"company: \0\n", "cannot be read"),
        (b"? [a, b]\n: c\n", "cannot be read as settings"),
    ],
)
def test_settings_that_are_no_yaml_in_utf_8_are_named(tmp_path, home, content, said):
    file = tmp_path / "company.yml"
    file.write_bytes(content)
    with pytest.raises(SettingsFileError, match=re.escape(said)):
        SettingsFile(file)
    home.path.mkdir()
    home.company_file.write_bytes(content)
    done = runner.invoke(cli.app, ["refresh"])
    assert (done.exit_code, said in done.output) == (FAILED, True)


@pytest.mark.parametrize(
    "content",
    [
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in pairwise("abcdefghi")),
        "company: [" + "x, " * 700_000 + "]\n",
    ],
)
def test_settings_that_are_a_bomb_are_refused_in_no_time(tmp_path, content):
    file = tmp_path / "company.yml"
    file.write_text(content)
    started = time.monotonic()
    with pytest.raises(SettingsFileError, match=r"entries|bytes"):
        SettingsFile(file)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("content", [b"vars: \xfc", b"vars: !env x", b"vars: [", b"- a"])
def test_a_project_file_that_is_no_yaml_is_named(tmp_path, monkeypatch, content):
    (tmp_path / "dbt_project.yml").write_bytes(content)
    monkeypatch.setenv("CSW_PROJECT", str(tmp_path))
    done = runner.invoke(cli.app, ["vars"])
    assert done.exit_code == FAILED
    assert str(tmp_path / "dbt_project.yml") in done.stderr


def test_what_a_step_says_is_advised_on_too():
    assert "disk is full" in advice_on("OSError: [Errno 28] No space left on device: 'x'")
    stopped = "dagster._core.errors.DagsterExecutionInterruptedError"
    assert "stopped the run" in advice_on(stopped)
    assert advice_on("required table accounts is missing") is None


@pytest.mark.parametrize("code", [0, 1, 2, HELD, MACHINE, UNKNOWN])
def test_exit_codes_and_advice_are_documented(code):
    text = OPERATIONS.read_text(encoding="utf-8")
    assert f"| {code} |" in text
    for trouble in TROUBLES:
        assert all(words in text for words in trouble.words.split("|")), trouble.words
