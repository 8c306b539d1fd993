"""What customer success writes down: touchpoints, milestones, overrides."""

from dataclasses import dataclass
from random import Random

from demo.clock import DAY, HOUR, moment_in, month_of, month_start
from demo.life import Life
from demo.people import Contact
from demo.records import MonthRecord
from demo.streams import stream

MILESTONES = (
    ("Kickoff held", 7),
    ("Data connected", 14),
    ("First workflow live", 21),
    ("Team trained", 30),
)
CALENDAR = ("Kickoff", "QBR", "EBR", "Check-in", "Training", "Meeting", "Escalation")
OUTCOMES = ("Positive", "Neutral", "Action needed", "No show")


@dataclass(slots=True)
class Touch:
    """A call, e-mail or meeting; ``planned`` is when it was entered."""

    ts: int
    kind: str
    planned: int
    outcome: str
    contact: int | None
    deleted: bool = False


@dataclass(slots=True)
class Milestone:
    """A step of onboarding."""

    name: str
    due: int
    done: int | None


@dataclass(slots=True)
class Override:
    """A score a manager set by hand."""

    ts: int
    score: int
    reason: str
    days: int | None
    withdrawn: int | None


def first_access(life: Life) -> int | None:
    """When the first subscription became known."""
    return min((sub.states[0].at for sub in life.book.subs), default=None)


def _contact(rng: Random, contacts: list[Contact], ts: int) -> int | None:
    there = [c for c in contacts if c.created < ts and (c.left is None or c.left > ts)]
    return there[int(rng.random() * len(there))].number if there else None


def touches(life: Life) -> list[Touch]:
    """All touchpoints of an account."""
    start = first_access(life)
    result: list[Touch] = []
    if start is None or not life.account.crm:
        return result
    careless = stream(life.seed, "care", life.account.index).random() < 0.15
    for record in life.months:
        if not record.seats or record.month < month_of(start):
            continue
        rng = stream(life.seed, "touch", life.account.index, record.month)
        for kind, spot in _kinds(rng, life, record, month_of(start), careless=careless):
            ts = moment_in(record.month, spot) // DAY * DAY
            ts += 9 * HOUR + int(rng.random() * 8 * HOUR)
            if ts < start:
                continue
            planned = max(ts - int(rng.random() * 6 * DAY), month_start(record.month), start)
            # Some are put off, now and then into the next month.
            ts += int(rng.random() * 9 * DAY) if rng.random() < 0.25 else 0
            mood = rng.random() + 0.12 * record.satisfaction
            outcome = OUTCOMES[0 if mood > 0.5 else 1 if mood > 0.25 else 2 if mood > 0.05 else 3]
            contact = _contact(rng, life.people.contacts, planned)
            gone = rng.random() < 0.004
            result.append(Touch(ts, kind, planned, outcome, contact, gone))
    return result


def segment_in(life: Life, month: int) -> str | None:
    """The segment at the start of a month: touchpoints know nothing of later changes."""
    later = [
        change
        for change in life.account.history
        if change.field == "Segment__c" and change.ts >= month_start(month)
    ]
    return min(later, key=lambda change: change.ts).old if later else life.account.segment


def _kinds(
    rng: Random, life: Life, record: MonthRecord, first: int, *, careless: bool
) -> list[tuple[str, float]]:
    """What is planned in a month, and where in the month."""
    segment = segment_in(life, record.month)
    age = record.month - first
    kinds: list[tuple[str, float]] = []
    if age == 0:
        kinds.append(("Kickoff", 0.75 + 0.25 * rng.random()))
    if age <= 1:
        kinds += [("Call", (week + rng.random()) / 4) for week in range(4) if rng.random() < 0.8]
        if rng.random() < 0.6:
            kinds.append(("Training", rng.random()))
    elif age == 2:
        kinds += [("Check-in", 0.2), ("Email", 0.7)]
    elif rng.random() < (0.35 if careless else 0.8) - (0.25 if segment == "SMB" else 0):
        kinds.append((("Email", "Call", "Check-in")[int(rng.random() * 3)], rng.random()))
    if age > 0 and age % 3 == 0 and segment != "SMB" and rng.random() < (0.4 if careless else 0.78):
        executive = segment == "Enterprise" and age % 12 == 0
        kinds.append(("EBR" if executive else "QBR", 0.3 + 0.6 * rng.random()))
    if record.satisfaction < -1.2 and rng.random() < 0.25:
        kinds.append(("Escalation", rng.random()))
    if rng.random() < 0.25 and segment != "SMB":
        kinds.append(("Meeting", rng.random()))
    return kinds


def milestones(life: Life) -> list[Milestone]:
    """Onboarding steps: most on time, some late, some never."""
    start = first_access(life)
    if start is None or not life.account.crm:
        return []
    rng = stream(life.seed, "onboarding", life.account.index)
    mood = life.account.mean
    result = []
    slip = max(0.0, rng.gauss(-6, 9) - 4 * mood)
    stuck = rng.random() < 0.09 - 0.04 * mood
    for number, (name, days) in enumerate(MILESTONES):
        due = start + days * DAY
        done: int | None = start + int((days * (0.45 + 0.5 * rng.random()) + slip) * DAY)
        if stuck and number >= 2:
            done = None
        result.append(Milestone(name, due, done))
    return result


def overrides(life: Life) -> list[Override]:
    """Now and then a manager knows better than the score."""
    result = []
    if not life.account.crm:
        return result
    for record in life.months:
        if not record.seats:
            continue
        rng = stream(life.seed, "override", life.account.index, record.month)
        if rng.random() < 0.008:
            bad = record.latent < 0
            ts = moment_in(record.month, rng.random()) // DAY * DAY + 10 * HOUR
            reason = "Sponsor announced a review of tools" if bad else "Signed off a wider roll-out"
            days = int(30 + 60 * rng.random()) if rng.random() < 0.8 else None
            withdrawn = ts + 20 * DAY if rng.random() < 0.08 else None
            score = int(15 + 25 * rng.random()) if bad else int(78 + 20 * rng.random())
            result.append(Override(ts, score, reason, days, withdrawn))
    return result
