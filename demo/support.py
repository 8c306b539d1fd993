"""Support: tickets and what happened to each, driven by how the account feels."""

import math
from dataclasses import dataclass, field
from random import Random

from demo.clock import DAY, HOUR, moment_in, month_start
from demo.life import Life
from demo.people import User
from demo.records import MonthRecord
from demo.streams import stream

AGENTS = 14
CATEGORIES = ("how_to", "bug", "billing", "integration", "performance", "account")
SUBJECTS = {
    "how_to": "How do I share a report?",
    "bug": "Saved view loses its filter",
    "billing": "Question about our invoice",
    "integration": "Sync stopped overnight",
    "performance": "Pages load slowly",
    "account": "Cannot log in",
}
PRIORITIES = ("low", "normal", "high", "urgent")
CHANNELS = ("email", "web", "chat", "phone")


@dataclass(slots=True)
class Fact:
    """One entry of a ticket's field history."""

    ts: int
    field: str
    value: str | None
    actor: int


@dataclass(slots=True)
class Comment:
    """One comment; a negative author is one of our agents (-1 is the first)."""

    ts: int
    author: int
    public: bool


@dataclass(slots=True)
class Ticket:
    """A ticket; people are user numbers of the account, agents are negative."""

    number: int
    created: int
    requester: int
    category: str
    channel: str
    history: list[Fact] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    score: tuple[int, str] | None = None
    offered: int | None = None

    def set(self, ts: int, name: str, value: str | None, actor: int) -> None:
        """Record a change; one field changes at most once a second."""
        last = [fact.ts for fact in self.history if fact.field == name]
        if last:
            ts = max(ts, last[-1] + 1)
        self.history.append(Fact(ts, name, value, actor))

    def value(self, name: str, cut: int) -> str | None:
        """A field as known before a moment."""
        found = None
        for fact in self.history:
            if fact.field == name and fact.ts < cut:
                found = fact.value
        return found

    def updated(self, cut: int) -> int:
        """The last thing known before a moment."""
        moments = [self.created]
        moments += [fact.ts for fact in self.history if fact.ts < cut]
        moments += [comment.ts for comment in self.comments if comment.ts < cut]
        if self.score is not None and self.score[0] < cut:
            moments.append(self.score[0])
        return max(moments)


def working(ts: int) -> int:
    """Move a moment into working hours (weekdays, 8 to 18 UTC)."""
    day, second = divmod(ts, DAY)
    if second < 8 * HOUR:
        second = 8 * HOUR + second % HOUR
    elif second >= 18 * HOUR:
        day, second = day + 1, 8 * HOUR + second % HOUR
    while (day + 3) % 7 >= 5:
        day += 1
    return day * DAY + second


def _present(users: list[User], ts: int) -> list[User]:
    return [u for u in users if u.created < ts and (u.left is None or u.left > ts)]


def tickets(life: Life) -> list[Ticket]:
    """All tickets of an account, in the order of their months."""
    result: list[Ticket] = []
    for record in life.months:
        if not record.seats:
            continue
        rng = stream(life.seed, "support", life.account.index, record.month)
        rate = (0.25 + 0.045 * math.sqrt(record.seats)) * math.exp(-0.55 * record.satisfaction)
        if record.month == life.account.arrival:
            rate *= 1.8
        moments = []
        left = math.exp(-min(rate, 8))
        total = rng.random()
        while total > left and len(moments) < 25:
            spot = moment_in(record.month, rng.random())
            # Most people write in the day; some at night and on weekends.
            later = working(spot) if rng.random() < 0.8 else spot
            # Weekend mail of the last days stays in its month.
            moments.append(later if later < month_start(record.month + 1) else spot)
            total *= rng.random()
        for ts in sorted(moments):
            people = _present(life.people.users, ts)
            if people:
                requester = people[int(rng.random() * len(people))].number
                result.append(_ticket(rng, len(result), ts, requester, record))
    return result


def _ticket(rng: Random, number: int, ts: int, requester: int, record: MonthRecord) -> Ticket:
    mood = record.satisfaction
    category = CATEGORIES[int(rng.random() * len(CATEGORIES))]
    channel = CHANNELS[min(3, int(rng.random() ** 1.5 * 4))]
    ticket = Ticket(number, ts, requester, category, channel)
    agent = -1 - int(rng.random() * AGENTS)
    spot = rng.random() - 0.07 * mood
    priority = "low" if spot < 0.2 else "normal" if spot < 0.75 else "high"
    priority = "urgent" if spot > 0.96 else priority
    ticket.set(ts, "status", "new", requester)
    ticket.set(ts, "priority", priority, requester)
    ticket.comments.append(Comment(ts, requester, public=True))
    pace = {"urgent": 0.25, "high": 0.6, "normal": 1.0, "low": 1.8}[priority]
    pace *= math.exp(0.3 * rng.gauss(0, 1) - 0.12 * mood)
    taken = working(ts + int(pace * rng.expovariate(1 / (1.5 * HOUR))) + 60)
    ticket.set(taken, "status", "open", agent)
    ticket.set(taken, "assignee_id", str(agent), agent)
    if rng.random() < 0.035:
        # The same problem was reported twice: this one is merged and closed.
        ticket.set(taken + 600, "tags", "closed_by_merge", agent)
        ticket.comments.append(Comment(taken + 600, agent, public=False))
        ticket.set(taken + 600, "status", "closed", agent)
        return ticket
    if rng.random() < 0.4:
        ticket.comments.append(Comment(taken + 120, agent, public=False))
    first = working(taken + int(pace * rng.expovariate(1 / (2 * HOUR))) + 180)
    ticket.comments.append(Comment(first, agent, public=True))
    escalated = rng.random() < 0.05 - 0.03 * min(1.0, mood)
    if escalated:
        later = working(first + int(rng.random() * 2 * DAY))
        ticket.set(later, "tags", "escalated", agent)
        ticket.set(later, "priority", "urgent", agent)
    if rng.random() < 0.01 - 0.004 * min(1.0, mood):
        return ticket
    _work(rng, ticket, first, agent, pace=pace, mood=mood, escalated=escalated)
    return ticket


def _work(
    rng: Random, ticket: Ticket, ts: int, agent: int, *, pace: float, mood: float, escalated: bool
) -> None:
    """From the first answer to solved, perhaps reopened, then closed."""
    requester = ticket.requester
    if rng.random() < 0.5:
        ticket.set(ts + 30, "status", "pending", agent)
        back = ts + int(rng.expovariate(1 / (9 * HOUR))) + 300
        ticket.comments.append(Comment(back, requester, public=True))
        ticket.set(back, "status", "open", requester)
        ts = back
    if rng.random() < 0.08:
        ticket.set(ts + 90, "status", "hold", agent)
        ts += int((1 + 6 * rng.random()) * DAY)
    hours = pace * rng.expovariate(1 / 22.0) * (3 if escalated else 1)
    solved = working(ts + int(hours * HOUR) + 600)
    ticket.comments.append(Comment(solved - 5, agent, public=True))
    ticket.set(solved, "status", "solved", agent)
    if rng.random() < 0.08 - 0.04 * min(1.0, mood):
        again = solved + int((0.2 + 2.5 * rng.random()) * DAY)
        ticket.comments.append(Comment(again, requester, public=True))
        ticket.set(again, "status", "open", requester)
        other = -1 - int(rng.random() * AGENTS)
        ticket.set(again + 900, "assignee_id", str(other), agent)
        answer = working(again + int(pace * rng.expovariate(1 / (14 * HOUR))) + 1_200)
        ticket.comments.append(Comment(answer, other, public=True))
        ticket.set(answer + 60, "status", "solved", other)
        solved, agent = answer + 60, other
    ticket.offered = solved + DAY
    if rng.random() < 0.34:
        happy = rng.random() < 1 / (1 + math.exp(-2.4 - 1.1 * mood + 0.025 * hours))
        moment = solved + DAY + int(rng.random() * 2 * DAY)
        ticket.score = (moment, "good" if happy else "bad")
    ticket.set(solved + 4 * DAY, "status", "closed", agent)
