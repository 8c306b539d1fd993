"""Homes to disturb: copies of one that was refreshed, with a day's delivery to come."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path

from chaos.companies import Company
from chaos.comparing import differing, hashes, rows_lost
from chaos.reading import Reader
from chaos.running import Ended, csw
from chaos.tally import Tally


@dataclass
class Place:
    """Where single faults are tried.

    Attributes:
        company: The company.
        folder: Where its homes are.
        chance: What decides where there is a choice.
        days: So many days are skipped.
    """

    company: Company
    folder: Path
    chance: random.Random
    days: int
    _numbers: Iterator[int] = field(default_factory=count)

    @cached_property
    def ready(self) -> Path:
        """A home of day 0; the files of day 1 wait."""
        home = self.folder / "ready"
        self.company.deliver(home, 0)
        self._must(self.refresh(home), "The first refresh")
        self.company.deliver(home, 1)
        return home

    @cached_property
    def control(self) -> Path:
        """A home of day 1 that nobody disturbed."""
        home = self.copy()
        self._must(self.refresh(home), "The undisturbed refresh")
        return home

    @staticmethod
    def _must(ended: Ended, what: str) -> None:
        if ended.code:
            raise RuntimeError(f"{what} failed:\n{ended.output}")

    def copy(self, to: Path | None = None) -> Path:
        """Return a copy of the home that is ready."""
        target = to or self.folder / f"home{next(self._numbers)}"
        shutil.copytree(self.ready, target, symlinks=True, dirs_exist_ok=True)
        return target

    def refresh(
        self, home: Path, *more: object, prefix: tuple[str, ...] = (), **settings: str
    ) -> Ended:
        """Refresh a home, plainly unless there is more."""
        asked = [*self.company.refresh(home, 1), *more]
        return csw(*asked, prefix=prefix, **self.company.settings(home), **settings)

    def disturb(self, tally: Tally, home: Path, run: Callable[[], Ended], *said: str) -> None:
        """Run something that may fail, and then refresh plainly.

        What fails has to say one of these words, to change nothing that is published, and to leave
        nothing that the next refresh does not put right.
        """
        with self.tried(tally, home) as wrong:
            before = hashes(home)
            ended = run()
            tally.said(ended)
            if ended.code:
                if said and not any(word in ended.output for word in said):
                    wrong.append(f"it does not say why:\n{ended.output[-1500:]}")
                if hashes(home) != before:
                    wrong.append("it failed, and what is published has changed")

    @contextmanager
    def tried(self, tally: Tally, home: Path, *, is_torn: bool = False) -> Iterator[list[str]]:
        """Count one try: the block disturbs, and says what was wrong; then all is to be well.

        Where the pointer of what is published is torn, who reads by it reads nothing until then.
        """
        wrong: list[str] = []
        tracebacks = tally.tracebacks
        tally.tried += 1
        with Reader(home / "published", self.company.mixture) as reader:
            yield wrong
            ended = self.refresh(home)
            tally.said(ended)
            if is_torn:
                reader.mixed.clear()
            reader.look()
        if ended.code:
            tally.manual += 1
            wrong.append(f"the plain refresh after it ended with {ended.code}:\n{ended.output}")
        elif other := differing(self.control, home, self.company.of_runs):
            tally.rows_lost += rows_lost(self.control, home, self.company.of_runs)
            wrong.append(f"other than undisturbed: {', '.join(other)}")
        tally.mixed += len(reader.mixed)
        wrong += reader.mixed
        tally.notes += wrong
        tally.survived += not wrong and tracebacks == tally.tracebacks
