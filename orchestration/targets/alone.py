"""One `csw publish` at a time for a target of files."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.targets.source import TargetBusyError


@contextmanager
def alone(lock: Path, target: Path) -> Iterator[None]:
    """Fill a target alone.

    Args:
        lock: The file that is locked; it is made, and stays.
        target: What is filled, for the message.

    Raises:
        TargetBusyError: Another process fills it.
    """
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TargetBusyError(
                f"Another `csw publish` fills {target}. Wait for it to end, then run again."
            ) from error
        yield
