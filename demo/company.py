"""Generates the demo company: exports per vendor, and the truth beside them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from demo import accounts, chunks, truth, truth_files
from demo.clock import DAY, START, day_number, month_index
from demo.export import segment, stripe
from demo.usage import population
from orchestration.state import read_json, write_json

FIRST_UNTIL = date(2025, 12, 31)
SEED = 20230101
CHUNK = 400
STATE_FILE = "demo.json"


class DemoError(RuntimeError):
    """The demo company cannot be generated as asked; the message says what to do."""


@dataclass(slots=True)
class DemoSummary:
    """What was written."""

    rows: dict[str, int] = field(default_factory=dict)
    months: int = 0
    accounts: int = 0
    events: int = 0
    new_files: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """What is asked for, and what is there already."""

    home: Path
    until: date
    scale: float
    seed: int
    first_until: date
    done_until: date | None

    @property
    def exports(self) -> Path:
        """Where the vendors' exports go."""
        return self.home / "exports"


def _plan(home: Path, until: date, scale: float, seed: int) -> Plan:
    """Check a request against the state file of the home."""
    if until < START:
        raise DemoError(f"The demo company starts on {START}: choose a later day than {until}.")
    if scale <= 0:
        raise DemoError(f"The scale must be above 0, not {scale}.")
    state = read_json(home / "exports" / STATE_FILE)
    if not state:
        return Plan(home, until, scale, seed, until, None)
    if state["seed"] != seed or state["scale"] != scale:
        raise DemoError(
            f"{home} holds a demo company with seed {state['seed']} and scale {state['scale']}; "
            f"asked for seed {seed} and scale {scale}. Set CSW_HOME to another folder, "
            f"or remove {home}."
        )
    done = date.fromisoformat(state["until"])
    if until < done:
        raise DemoError(
            f"{home} was already exported up to {done}; it cannot go back to {until}. "
            f"Set CSW_HOME to another folder for an earlier day."
        )
    return Plan(home, until, scale, seed, date.fromisoformat(state["first_until"]), done)


def generate(
    home: Path,
    *,
    until: date = FIRST_UNTIL,
    scale: float = 1.0,
    seed: int = SEED,
    progress: Callable[[str], None] | None = None,
) -> DemoSummary:
    """Write the exports and the truth of the demo company up to a day.

    A later call with a later day rewrites the snapshot exports and adds one track file per day;
    nothing that was true up to a day changes with it.
    """
    plan = _plan(home, until, scale, seed)
    say = progress or (lambda _: None)
    months = month_index(until) + 1
    number = accounts.count(months, scale)
    cut = (day_number(until) + 1) * DAY
    summary = DemoSummary(months=months, accounts=number)
    for vendor in ("salesforce", "stripe", "segment/tracks", "zendesk", "delighted"):
        (plan.exports / vendor).mkdir(parents=True, exist_ok=True)
    _clear_unfinished(plan)

    say(f"Demo company: {number:,} accounts over {months} months")
    ranges = [range(first, min(first + CHUNK, number)) for first in range(0, number, CHUNK)]
    jobs = [chunks.Job(part, months, cut, seed, scale) for part in ranges]
    writer = chunks.Writer(plan.exports)
    facts: list[truth.AccountFacts] = []
    shares, prices = [], {}
    users: list[tuple] = []
    groups: list[tuple] = []
    for done, result in enumerate(chunks.run(jobs, until.year), start=1):
        writer.add(result.texts)
        facts += result.facts
        shares += result.shares
        prices.update(result.prices)
        users += result.users
        groups += result.groups
        if len(jobs) > 1:
            say(f"Simulated {min(done * CHUNK, number):,} of {number:,} accounts")
    writer.add({"stripe/products.jsonl": [stripe.text(row) for row in stripe.products(cut)]})
    known = sorted(prices.values(), key=lambda p: p.id)
    rows = [stripe.text(stripe.price_object(price)) for price in known]
    writer.add({"stripe/prices.jsonl": rows})
    writer.add(chunks.company_rows(scale, cut))
    summary.rows.update(writer.close())
    people = segment.write_people(plan.exports / "segment", users, groups)
    summary.rows.update({f"segment/{name}": count for name, count in people.items()})

    everyone = population(shares, number, months)
    for name, count in chunks.tracks(plan_files(plan), everyone, plan.exports, seed, say):
        summary.rows[f"segment/tracks/{name}"] = count
        summary.new_files.append(name)
        summary.events += count
    say("Writing the truth")
    truth_rows = truth_files.write(home / "truth", facts, until)
    summary.rows.update({f"truth/{name}": count for name, count in truth_rows.items()})
    _save(plan)
    return summary


def _clear_unfinished(plan: Plan) -> None:
    """Remove track files of a run that did not get to its end: they are beyond the state file."""
    done = "" if plan.done_until is None else plan.done_until.isoformat()
    for path in (plan.exports / "segment" / "tracks").glob("tracks_????-??*.parquet"):
        day = path.stem.removeprefix("tracks_")
        if not done or (len(day) == len(done) and day > done):
            path.unlink()


def plan_files(plan: Plan) -> chunks.TrackFiles:
    """Which track files are still to be written."""
    if plan.done_until is None:
        months = list(range(month_index(plan.until) + 1))
        return chunks.TrackFiles(months, plan.until, None)
    if plan.done_until == plan.until:
        return chunks.TrackFiles([], plan.until, None)
    return chunks.TrackFiles([], plan.until, plan.done_until + timedelta(days=1))


def _save(plan: Plan) -> None:
    state = {
        "seed": plan.seed,
        "scale": plan.scale,
        "first_until": plan.first_until.isoformat(),
        "until": plan.until.isoformat(),
    }
    write_json(plan.exports / STATE_FILE, state)
