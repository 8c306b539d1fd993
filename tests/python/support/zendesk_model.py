"""What Zendesk's documentation says of a ticket's life: a second, small model of the same.

Solved is a ticket that is solved or closed; the backlog of a day is what is neither, nor deleted,
at its end. Reopened: from solved back to an unsolved status, deleted in between or not. First and
full resolution: from the creation to the first and the last time it was solved; a merge solves
nothing, and while a ticket is open again there is no full resolution. First reply: the first public
comment of somebody who was an agent when writing it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .lives import AGENT, BEGIN, END, FORMER_AGENT, GONE_AGENT, UNSOLVED, Life

AGENTS = {AGENT, FORMER_AGENT, GONE_AGENT}


@dataclass(frozen=True)
class Truth:
    """What is true of a ticket at the end of June."""

    exists: bool
    is_open: bool
    is_merged: bool
    reopens: int
    first_response: datetime | None
    first_solved: datetime | None
    last_solved: datetime | None


def truth(life: Life) -> Truth:
    """What a ticket is at the end of the life."""
    unsolved = True
    reopens = 0
    solutions: list[datetime] = []
    for step in life.steps:
        if step.status in UNSOLVED:
            reopens += not unsolved
            unsolved = True
        elif step.status in ("solved", "closed"):
            if unsolved and not step.by_merge:
                solutions.append(step.at)
            unsolved = False
    last = life.steps[-1].status
    is_open = last in UNSOLVED
    answers = [c.at for c in life.comments if c.public and c.author in AGENTS]
    return Truth(
        exists=last != "deleted",
        is_open=is_open,
        is_merged=not is_open and any(step.by_merge for step in life.steps),
        reopens=reopens,
        first_response=min(answers, default=None),
        first_solved=min(solutions, default=None),
        last_solved=None if is_open else max(solutions, default=None),
    )


def days() -> list[date]:
    """The days of June."""
    return [(BEGIN + timedelta(days=n)).date() for n in range((END - BEGIN).days)]


def backlog(life: Life) -> dict[date, int]:
    """1 on each day at whose end the ticket was open, from its creation on."""
    found = {}
    for day in days():
        known = [step.status for step in life.steps if step.at.date() <= day]
        if known:
            found[day] = int(known[-1] in UNSOLVED)
    return found
