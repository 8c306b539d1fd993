"""One writer per home: a file lock that says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestration.errors import HELD
from orchestration.home import Home, HomeError
from orchestration.publish import repair
from orchestration.state import parse_json

# The command takes the lock before the run starts, and the run's own session asks again: within
# one process the second asking is granted.
_held: set[Path] = set()


class HomeLockedError(HomeError):
    """Another process works in the home."""

    exit_code = HELD


@contextmanager
def home_lock(home: Home) -> Iterator[None]:
    """Hold the home for this process; a second process is told who has it.

    Who takes it first puts right what was published, should the one before have been killed.
    """
    path = home.lock_file
    if path in _held:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with _private(), path.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HomeLockedError(_holder_text(home)) from error
        _describe_holder(handle.fileno())
        _held.add(path)
        try:
            repair(home.published)
            yield
        finally:
            _held.discard(path)
            os.ftruncate(handle.fileno(), 0)
            fcntl.flock(handle, fcntl.LOCK_UN)


def lock_holder(home: Home) -> dict[str, str] | None:
    """Return who works in the home, as they have said: pid, command, since (ISO); none: nobody.

    Empty when they have not said it yet. Asking takes nothing from them.
    """
    if not home.lock_file.is_file():
        return None
    with home.lock_file.open(encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _told(home.lock_file)
        fcntl.flock(handle, fcntl.LOCK_UN)
    return None


@contextmanager
def _private() -> Iterator[None]:
    """Let nobody else read what tools write into the home; what is published has modes of its own.

    The tools that are started meanwhile inherit it.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _describe_holder(descriptor: int) -> None:
    """Write who holds the lock, for the message the next one gets."""
    holder = {
        "pid": os.getpid(),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.write(descriptor, json.dumps(holder).encode())


def _told(lock_file: Path) -> dict[str, str]:
    try:
        told = parse_json(lock_file)
        return {name: str(told[name]) for name in ("pid", "command", "since")}
    except (ValueError, KeyError):
        # It is about to say who it is.
        return {}


def _holder_text(home: Home) -> str:
    holder = _told(home.lock_file)
    who = "process {pid} (`{command}`), since {since}" if holder else "it has not said which"
    who = who.format(**holder)
    return f"Another process works in {home.path}: {who}. Wait for it to end, then run again."
