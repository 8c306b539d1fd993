"""What a run tells whoever watches it, and what it leaves for the summary.

The steps of a run report to `current()`. The command line puts a display there; under Dagster it
is the plain recorder, which only keeps the record.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestration.dbt_results import BuildResult
    from orchestration.publish import Publication


@dataclass
class StepTime:
    """How long one step of a run took."""

    title: str
    seconds: float
    succeeded: bool


@dataclass
class RunRecord:
    """What a run did, for its summary."""

    run_id: str = ""
    as_of: str = ""
    steps: list[StepTime] = field(default_factory=list)
    build: BuildResult | None = None
    publication: Publication | None = None
    notes: list[str] = field(default_factory=list)


class Recorder:
    """Keeps the record of a run; a display adds what is shown while it runs."""

    def __init__(self) -> None:
        """Start with an empty record."""
        self.record = RunRecord()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Time one step of the run."""
        started = time.monotonic()
        self.step_started(title)
        succeeded = False
        try:
            yield
            succeeded = True
        finally:
            seconds = time.monotonic() - started
            self.record.steps.append(StepTime(title, seconds, succeeded))
            self.step_ended(title, seconds, succeeded=succeeded)

    def note(self, text: str) -> None:
        """Keep something the user should know."""
        self.record.notes.append(text)
        self.message(text)

    def step_started(self, title: str) -> None:
        """Show that a step started."""

    def step_ended(self, title: str, seconds: float, *, succeeded: bool) -> None:
        """Show that a step ended."""

    def advance(self, done: int, total: int, what: str = "") -> None:
        """Show how far the current step is."""

    def message(self, text: str) -> None:
        """Show a line."""


_current: list[Recorder] = [Recorder()]


def current() -> Recorder:
    """Return who is watching."""
    return _current[-1]


@contextmanager
def watching(recorder: Recorder) -> Iterator[Recorder]:
    """Report to this recorder for as long as the block runs."""
    _current.append(recorder)
    try:
        yield recorder
    finally:
        _current.pop()
