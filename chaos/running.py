"""Commands that are run, watched and killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ("CSW_", "DBT_", "DAGSTER_")
STEP = re.compile(r"^(?P<title>[A-Z][^.:…]*)(?P<ends>: (?:done|FAILED) \(| …$)")
# A run has steps that say when they begin and end; before the first and after the last there is
# Python starting and the report.
FIRST, LAST = "start", "report"
UNKNOWN = 70
END_SECONDS = 60.0
PROGRAM = ("-m", "orchestration.start")


@dataclass
class Ended:
    """How a command ended.

    Attributes:
        code: Its exit code; negative: the signal.
        output: What it said.
        seconds: How long each step took, in their order.
    """

    code: int
    output: str
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def has_traceback(self) -> bool:
        """Whether it showed a traceback, or met an error that it does not know.

        Who interrupts Python before it has come to this program sees one of Python's own.
        """
        shown = "Traceback (most recent call last)" in self.output
        early = "KeyboardInterrupt" in self.output and "/orchestration/" not in self.output
        return (shown and not early) or self.code == UNKNOWN


class Command:
    """`csw` in a process group of its own, watched step by step."""

    def __init__(self, *arguments: object, prefix: tuple[str, ...] = (), **settings: str) -> None:
        """Start it.

        Args:
            *arguments: What follows `csw`.
            prefix: What it is started by.
            **settings: Its environment, in place of the caller's own settings.
        """
        kept = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
        self.process = subprocess.Popen(
            [*prefix, sys.executable, *PROGRAM, *map(str, arguments)],
            cwd=ROOT,
            env={**kept, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.seconds: dict[str, float] = {}
        self._step, self._since = FIRST, time.monotonic()
        self._moved = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._moved:
                self.lines.append(line)
                if found := STEP.match(line):
                    began = found["ends"] == " …"
                    self._turn(found["title"] if began else LAST)
        with self._moved:
            self._turn("")

    def _turn(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[self._step] = self.seconds.get(self._step, 0.0) + now - self._since
        self._step, self._since = step, now
        self._moved.notify_all()

    def wait_for(self, step: str) -> bool:
        """Wait until a step begins; False where the command ended without it."""
        with self._moved:
            self._moved.wait_for(lambda: self._step in (step, ""))
            return self._step == step

    @property
    def begun(self) -> int:
        """How many steps have begun."""
        with self._moved:
            return len(self.seconds)

    @property
    def group(self) -> list[int]:
        """The processes of its group that live, itself among them."""
        return [pid for pid in _processes() if _group_of(pid) == self.process.pid]

    def end(self) -> Ended:
        """Wait for its end; what it started, and is still there then, is killed."""
        code = self.process.wait()
        self._reader.join(END_SECONDS)
        return Ended(code, "".join(self.lines), dict(self.seconds))

    def left_behind(self) -> int:
        """Count the processes that outlive it, and kill them."""
        end = time.monotonic() + 5
        while (left := self.group) and time.monotonic() < end:
            time.sleep(0.1)
        for pid in left:
            kill(pid, signal.SIGKILL)
        return len(left)


def csw(*arguments: object, prefix: tuple[str, ...] = (), **settings: str) -> Ended:
    """Run a command to its end."""
    return Command(*arguments, prefix=prefix, **settings).end()


def kill(pid: int, number: signal.Signals) -> None:
    """Send a signal to who may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _group_of(pid: int) -> int | None:
    """Return the process group of a process that lives; a zombie does not."""
    try:
        state, _, group = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return None
    return None if state == "Z" else int(group)


def merged(*settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings over settings."""
    return {name: text for each in settings for name, text in each.items()}
