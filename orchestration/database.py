"""Opening a DuckDB file that another process may have open.

A file with a reader cannot be written, and one with a writer not even read. Whoever reads is done
soon, as a rule: what a refresh opens waits for it, and says for whom.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import duckdb

from orchestration.errors import HELD, MACHINE, ExplainedError, advice_on
from orchestration.progress import current

WAIT_VARIABLE = "CSW_WAIT_SECONDS"
DEFAULT_WAIT_SECONDS = 300.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
BUSY = ("could not set lock", "being used by another process")
# Somebody else's lock, server or network, as DuckDB and Postgres tell of them.
PASSING = re.compile(
    r"set lock|being used by another process|could not connect|connection refused|timed? ?out"
    r"|connection reset|could not translate host name|name resolution|closed the connection"
    r"|starting up|shutting down|too many (?:clients|connections)|remaining connection slots"
    r"|could not establish connection|HTTP (?:429|5\d\d)|unreachable",
    re.IGNORECASE,
)
HOLDER = re.compile(r"held in (.+?) \(PID (\d+)\)")


def quote(name: str) -> str:
    """Quote an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: object) -> str:
    """Write a value as an SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


class DatabaseError(ExplainedError):
    """A DuckDB file cannot be opened; the text says why and what to do."""

    exit_code = MACHINE


class BusyError(DatabaseError):
    """Another process has the file open."""

    exit_code = HELD


def connect(file: Path, *, read_only: bool = False, wait: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file.

    Args:
        file: The file; one that is to be written is made when it is not there.
        read_only: Open it to read: other readers are not in the way then.
        wait: Wait while another process holds it, for at most `CSW_WAIT_SECONDS`.

    Raises:
        BusyError: Another process holds it (still); it is named.
        DatabaseError: It is no DuckDB file, or the disk refuses.
    """
    limit = wait_seconds() if wait else 0.0
    end = time.monotonic() + limit
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return duckdb.connect(str(file), read_only=read_only)
        except duckdb.Error as error:
            said = str(error)
        if not any(text in said.lower() for text in BUSY):
            advice = advice_on(said) or "It is no DuckDB file that this version can open."
            raise DatabaseError(f"{file} cannot be opened. {advice}\n({said})")
        left = end - time.monotonic()
        if left <= 0:
            waited = f" A wait of {limit:g} seconds did not help." if limit else ""
            raise BusyError(
                f"{file} is held open by {holder(said)}.{waited} Close it there, or wait until it "
                f"is done; what is published stays readable: {file.parent / 'published'}."
            )
        if pause == FIRST_PAUSE_SECONDS:
            current().note(f"{file} is held open by {holder(said)}: waiting up to {limit:g} s.")
        time.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def wait_until_free(file: Path, *, read_only: bool = False) -> None:
    """Wait until a file can be opened, for a tool that does so itself; errors as `connect`."""
    if file.is_file():
        connect(file, read_only=read_only).close()


def holder(said: str) -> str:
    """Return who holds a file, as DuckDB's error tells."""
    found = HOLDER.search(said)
    return f"process {found[2]} ({found[1]})" if found else "another process"


def wait_seconds() -> float:
    """Return how long to wait for a file at most.

    Raises:
        DatabaseError: The variable is no number.
    """
    told = os.environ.get(WAIT_VARIABLE) or DEFAULT_WAIT_SECONDS
    try:
        return float(told)
    except ValueError as error:
        raise DatabaseError(
            f"{WAIT_VARIABLE} is to be a number of seconds, not '{told}'."
        ) from error
