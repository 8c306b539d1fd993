"""Refreshes that are killed at seeded points, and the plain refresh after it."""

from __future__ import annotations

import copy
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chaos.companies import Company
from chaos.comparing import differing, rows_lost
from chaos.reading import Reader
from chaos.running import Command, Ended, csw, kill
from chaos.tally import Tally

LONGEST_CHAIN = 10
CHILD = "kill -9 of dbt below it"
# How a kill is called, what it kills, by which signal.
KINDS = {
    "kill -9 of csw": ("parent", signal.SIGKILL),
    CHILD: ("child", signal.SIGKILL),
    "kill -9 of everything at once": ("group", signal.SIGKILL),
    "SIGTERM to csw, as systemd stops it": ("parent", signal.SIGTERM),
    "Ctrl-C": ("group", signal.SIGINT),
}
ORDERLY = ("SIGTERM to csw, as systemd stops it", "Ctrl-C")


@dataclass
class Kills:
    """Days of a company, refreshed in a home that is killed and in one that is not.

    Attributes:
        company: The company.
        folder: Where the two homes are.
        chance: Where and how it is killed.
        say: Where a line goes.
    """

    company: Company
    folder: Path
    chance: random.Random
    say: Callable[[str], None]
    tallies: dict[str, Tally] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    _usual: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with nothing tried."""
        self.tallies = {name: Tally(name) for name in KINDS}

    @property
    def control(self) -> Path:
        """The home that nobody disturbs."""
        return self.folder / "control"

    @property
    def home(self) -> Path:
        """The home that is killed."""
        return self.folder / "killed"

    def run(self, kills: int) -> int:
        """Kill so often, or until Ctrl-C; return how often somebody read meanwhile."""
        self._deliver_and_control(0)
        self._refresh(self.home, 0)
        with Reader(self.home / "published", self.company.mixture) as reader:
            try:
                self._chains(kills, reader)
            except KeyboardInterrupt:
                self.say(f"stopped after {sum(self.steps.values())} of {kills} kills")
        return reader.reads

    def _chains(self, kills: int, reader: Reader) -> None:
        day = 0
        while (done := sum(self.steps.values())) < kills:
            day += 1
            self._deliver_and_control(day)
            before = copy.deepcopy((self.tallies, self.steps))
            try:
                chain = self.chance.randint(1, min(LONGEST_CHAIN, kills - done))
                names = [name for _ in range(chain) if (name := self._kill(day))]
                if not names:
                    continue
                self._recover(day, names, reader)
            except KeyboardInterrupt:
                # What was not compared was not tried.
                self.tallies, self.steps = before
                raise
            self.say(f"day {day}: {done + len(names)} of {kills} kills")

    def _refresh(self, home: Path, day: int) -> Ended:
        return csw(*self.company.refresh(home, day), **self.company.settings(home))

    def _deliver_and_control(self, day: int) -> None:
        """Give both homes the day, and refresh the one that nobody disturbs."""
        for home in (self.control, self.home):
            self.company.deliver(home, day)
        ended = self._refresh(self.control, day)
        if ended.code:
            raise RuntimeError(f"The undisturbed home failed on day {day}:\n{ended.output}")
        if day:
            self._usual = ended.seconds

    def _kill(self, day: int) -> str | None:
        """Kill one refresh somewhere; return how, or nothing where it ended before."""
        name = self.chance.choice(list(KINDS))
        whom, number = KINDS[name]
        step = self.chance.choice(list(self._usual))
        wait = self.chance.random() * self._usual[step]
        command = Command(*self.company.refresh(self.home, day), **self.company.settings(self.home))
        if command.wait_for(step):
            time.sleep(wait)
        if command.process.poll() is not None:
            return self._ended_first(command.end(), name)
        targets, begun = command.group, command.begun
        children = [pid for pid in targets if pid != command.process.pid]
        if whom == "child" and not children:
            name, whom = "kill -9 of csw", "parent"
        if whom == "child":
            kill(self.chance.choice(children), number)
        elif whom == "parent":
            kill(command.process.pid, number)
        else:
            os.killpg(command.process.pid, number)
        return self._judge(command, name, step, begun)

    def _ended_first(self, ended: Ended, name: str) -> None:
        if ended.code:
            self.tallies[name].manual += 1
            self.tallies[name].notes.append(f"a refresh after a kill failed:\n{ended.output}")
            self.say(self.tallies[name].notes[-1])

    def _judge(self, command: Command, name: str, step: str, begun: int) -> str:
        """See that it ended by the kill, and that nothing goes on behind it.

        Whoever is in its last step may come to the end; that it went on to another, none may.
        """
        ended = command.end()
        left = command.left_behind()
        tally = self.tallies[name]
        tally.tried += 1
        self.steps[step] = self.steps.get(step, 0) + 1
        if not tally.said(ended):
            self.say(f"{name} in {step}: {tally.notes[-1]}")
        # A child that was killed need not have been dbt: it may be one that nothing hangs on.
        if name != CHILD and not ended.code and command.begun > begun + 1:
            tally.notes.append(f"it went on to its end after {name} in {step}")
            self.say(tally.notes[-1])
        if left:
            tally.notes.append(f"{left} processes went on after {step}")
            self.say(tally.notes[-1])
        return name

    def _recover(self, day: int, names: list[str], reader: Reader) -> None:
        """Refresh plainly, and compare with the home that nobody disturbed."""
        before = len(reader.mixed)
        ended = self._refresh(self.home, day)
        reader.look()
        tally = self.tallies[names[-1]]
        tally.said(ended)
        wrong = []
        if ended.code:
            tally.manual += 1
            wrong.append(f"the plain refresh after it ended with {ended.code}:\n{ended.output}")
        else:
            other = differing(self.control, self.home, self.company.of_runs)
            if other:
                tally.rows_lost += rows_lost(self.control, self.home, self.company.of_runs)
                wrong.append(f"other than undisturbed: {', '.join(other)}")
            wrong += _untidy(self.home / "published")
        if mixed := reader.mixed[before:]:
            tally.mixed += len(mixed)
            wrong += mixed
        tally.notes += wrong
        for text in wrong:
            self.say(f"day {day}, {' / '.join(names)}: {text}")
        if ended.code:
            raise RuntimeError(f"{self.home} needs a person: no use to go on.")
        for name in names:
            self.tallies[name].survived += 0 if wrong and name == names[-1] else 1


def _untidy(published: Path) -> list[str]:
    """Name what a kill left among the published files."""
    left = [path.name for path in published.rglob(".*")]
    return [f"left in published: {', '.join(sorted(left))}"] if left else []
