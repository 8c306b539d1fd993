"""Work in parts: accounts some hundred at a time, usage month by month, on two cores if large."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO

from demo import arr, crm_company, fx, truth, usage, world
from demo.catalog import Price
from demo.export import delighted, salesforce, segment, stripe, zendesk
from demo.life import Life
from demo.usage import Population, Share

LARGE = 4


@dataclass(frozen=True, slots=True)
class Job:
    """Some accounts to simulate and to export as known before a moment."""

    indexes: range
    months: int
    cut: int
    seed: int
    scale: float


@dataclass(slots=True)
class Result:
    """What came of a job."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    facts: list[truth.AccountFacts] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    prices: dict[str, Price] = field(default_factory=dict)
    users: list[tuple] = field(default_factory=list)
    groups: list[tuple] = field(default_factory=list)


def simulate(job: Job, rates_year: int) -> Result:
    """Simulate the accounts of a job and render their rows."""
    result = Result()
    rates = fx.plan_rates(rates_year)
    for index in job.indexes:
        life = world.live(index, job.months, seed=job.seed, scale=job.scale)
        _render(life, job, result)
        lines = []
        for sub in life.book.subs:
            lines += arr.histories(sub, job.cut, rates)
        states = [(m.month, m.latent, m.satisfaction, m.seats) for m in life.months]
        result.facts.append(truth.AccountFacts(life.account, lines, states))
        result.shares.append(usage.share(life))
    return result


def _render(life: Life, job: Job, result: Result) -> None:
    result.users += segment.users(life, job.cut)
    result.groups += segment.groups(life, job.cut)
    parts = {
        "stripe": (stripe.rows(life.book, job.cut, result.prices), "jsonl"),
        "salesforce": (salesforce.rows(life, job.cut), "csv"),
        "zendesk": (zendesk.rows(life, job.cut), "jsonl"),
        "delighted": (delighted.rows(life, job.cut), "csv"),
    }
    for vendor, (tables, kind) in parts.items():
        for name, lines in tables.items():
            result.texts.setdefault(f"{vendor}/{name}.{kind}", []).extend(lines)


def _workers(count: int) -> int:
    return min(os.cpu_count() or 1, count)


def run(jobs: list[Job], rates_year: int) -> Iterator[Result]:
    """Results in the order of the jobs."""
    if len(jobs) < LARGE or _workers(len(jobs)) == 1:
        for job in jobs:
            yield simulate(job, rates_year)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_workers(len(jobs)), mp_context=context) as pool:
        yield from pool.map(simulate, jobs, [rates_year] * len(jobs))


class Writer:
    """Collects text rows into files and puts them in place when all is written."""

    def __init__(self, exports: Path) -> None:
        """Open all files, so that an empty one is written too."""
        self.exports = exports
        self.counts: dict[str, int] = {}
        self._files: dict[str, IO[str]] = {}
        for name, header in {**salesforce.HEADERS, **delighted.HEADERS}.items():
            self._open(name).write(header)
        for vendor, names in (("stripe", stripe.FILES), ("zendesk", zendesk.FILES)):
            for name in names:
                self._open(f"{vendor}/{name}.jsonl")

    def _open(self, name: str) -> IO[str]:
        if name not in self._files:
            path = self.exports / f"{name}.part"
            self._files[name] = path.open("w", encoding="utf-8", newline="")
            self.counts[name] = 0
        return self._files[name]

    def add(self, texts: dict[str, list[str]]) -> None:
        """Append rows to their files."""
        for name, lines in texts.items():
            self._open(name).write("".join(lines))
            self.counts[name] += len(lines)

    def close(self) -> dict[str, int]:
        """Put the files in place; returns rows per file."""
        for name, file in self._files.items():
            file.close()
            (self.exports / f"{name}.part").replace(self.exports / name)
        return self.counts


def company_rows(scale: float, cut: int) -> dict[str, list[str]]:
    """Rows that belong to no single account: our own people."""
    return {**crm_company.salesforce_rows(scale, cut), **crm_company.zendesk_rows()}


@dataclass(frozen=True, slots=True)
class TrackFiles:
    """Months of history to write, or the first of the days to add."""

    months: list[int]
    until: date
    first_day: date | None


_TRACKS: list[segment.Tracks] = []


def _start_worker(people: Population, folder: Path, seed: int) -> None:
    _TRACKS.append(segment.Tracks(people, folder, seed))


def _history(month: int, until: date) -> tuple[str, int]:
    return _TRACKS[0].history(month, until)


def tracks(
    files: TrackFiles,
    people: Population,
    exports: Path,
    seed: int,
    say: Callable[[str], None],
) -> Iterator[tuple[str, int]]:
    """Write what is missing of the track files."""
    folder = exports / "segment" / "tracks"
    if files.first_day is not None:
        writer = segment.Tracks(people, folder, seed)
        yield from writer.daily(files.first_day, files.until).items()
        return
    if not files.months:
        return
    if len(people.user_account) < 60_000 or _workers(2) == 1:
        writer = segment.Tracks(people, folder, seed)
        for month in files.months:
            yield writer.history(month, files.until)
        return
    context = multiprocessing.get_context("spawn")
    setup = (people, folder, seed)
    with ProcessPoolExecutor(
        _workers(2), mp_context=context, initializer=_start_worker, initargs=setup
    ) as pool:
        halves = _interleave(files.months)
        futures = pool.map(_history_run, halves, [files.until] * len(halves))
        for done in futures:
            yield from done
            say(f"Usage written up to {done[-1][0]}")


def _interleave(months: list[int]) -> list[list[int]]:
    """Runs of three months: the late events of a month are carried within a run."""
    return [months[first : first + 3] for first in range(0, len(months), 3)]


def _history_run(months: list[int], until: date) -> list[tuple[str, int]]:
    return [_history(month, until) for month in months]
