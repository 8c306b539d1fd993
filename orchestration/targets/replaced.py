"""A DuckDB file as a target: changed in a copy beside it, which takes its place by its name.

Who reads the file goes on with the old one, and whoever opens it next reads the new one. A failure,
a kill or a full disk leaves the old file as it was.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from orchestration.progress import current
from orchestration.state import PRIVATE, sync
from orchestration.targets.alone import alone
from orchestration.targets.source import TargetBusyError

LOCK, TEMPORARY = "csw.lock", "csw.tmp"


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Give a copy of a file to change; at the end it is put in the file's place.

    Args:
        file: The file itself, no link to it; it need not be there.

    Yields:
        The copy; nothing is there yet if the file is not. It must be closed at the end.

    Raises:
        TargetBusyError: Somebody writes to the file, or another `csw publish` fills it.
        OSError: The disk is full or refuses; the file is as it was.
    """
    temporary = _hidden(file, TEMPORARY)
    with alone(_hidden(file, LOCK), file):
        # Of one that was killed: the lock is ours.
        _remove(temporary)
        try:
            with _unwritten(file) as original:
                before = os.fstat(original.fileno()) if original else None
                if original:
                    temporary.touch(PRIVATE)
                    with temporary.open("wb") as copy:
                        shutil.copyfileobj(original, copy, 1 << 20)
                yield temporary
                sync(temporary)
                if before:
                    _keep_rights(file, temporary, before)
                if _identity(before) != _identity(file.stat() if file.exists() else None):
                    raise TargetBusyError(
                        f"{file} was changed or replaced by somebody else while it was copied. It "
                        "is as they left it: run again."
                    )
                temporary.replace(file)
                sync(file.parent)
        finally:
            _remove(temporary)


def logs_of(file: Path) -> list[Path]:
    """Return DuckDB's logs beside a file: what was written and is not in the file yet."""
    if not file.parent.is_dir():
        return []
    return [path for path in file.parent.iterdir() if path.name.startswith(f"{file.name}.wal")]


@contextmanager
def _unwritten(file: Path) -> Iterator[BinaryIO | None]:
    """Open a file so that nobody can write to it meanwhile; none where there is no file.

    The lock is the one that DuckDB takes to read. The system gives it up as soon as this process
    closes any descriptor of the file: nothing else here may open it until the end.
    """
    if not file.exists():
        yield None
        return
    with file.open("rb") as original:
        try:
            fcntl.lockf(original, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            raise TargetBusyError(
                f"{file} is open for writing elsewhere. Close it there, then run again."
            ) from error
        if logs := logs_of(file):
            raise TargetBusyError(
                f"Somebody wrote to {file} meanwhile, and {logs[0].name} is not in it yet: run "
                "again."
            )
        yield original


def _keep_rights(file: Path, temporary: Path, before: os.stat_result) -> None:
    """Give the copy the owner, group and mode of the file, as far as this user may."""
    for owner in (before.st_uid, -1):
        with suppress(OSError):
            os.chown(temporary, owner, before.st_gid)
            break
    # Last: a change of the owner may take bits of the mode away.
    temporary.chmod(stat.S_IMODE(before.st_mode))
    now = temporary.stat()
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        current().note(
            f"{file} belonged to user {before.st_uid} and group {before.st_gid}, and now to "
            f"{now.st_uid} and {now.st_gid}: this user may not give it away."
        )


def _identity(found: os.stat_result | None) -> tuple[int, ...] | None:
    return found and (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _hidden(file: Path, ending: str) -> Path:
    return file.with_name(f".{file.name}.{ending}")


def _remove(temporary: Path) -> None:
    """Remove a copy and what DuckDB keeps beside it."""
    for path in [*logs_of(temporary), temporary]:
        path.unlink(missing_ok=True)
