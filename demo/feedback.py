"""Surveys: who was asked, and what those said who answered."""

import math
from dataclasses import dataclass
from random import Random

from demo.clock import DAY, HOUR, month_start
from demo.life import Life
from demo.records import MonthRecord
from demo.streams import stream

PRAISE = ("Does what we need.", "Support is quick.", "The reports save us hours.")
BLAME = ("Too slow lately.", "Missing exports.", "Hard to set up.", "Price went up again.")


@dataclass(slots=True)
class Survey:
    """One survey sent, and its answer if there is one."""

    number: int
    kind: str
    email: str
    user: int
    sent: int
    answered: int | None = None
    score: int | None = None
    comment: str | None = None
    edited: int | None = None


def surveys(life: Life) -> list[Survey]:
    """All surveys of an account."""
    result: list[Survey] = []
    index = life.account.index
    for record in life.months:
        if not record.seats:
            continue
        rng = stream(life.seed, "survey", index, record.month)
        if (record.month + index) % 6 == 0:
            _round(rng, life, record, result, kind="nps", asked=min(12, 2 + record.seats // 8))
        if (record.month + index) % 3 == 1:
            _round(rng, life, record, result, kind="csat", asked=1 + record.seats // 30)
        if record.month == life.account.arrival + 2:
            _round(rng, life, record, result, kind="ces", asked=1)
    return result


def _round(
    rng: Random, life: Life, record: MonthRecord, result: list[Survey], *, kind: str, asked: int
) -> None:
    sent = month_start(record.month) + int(3 + rng.random() * 20) * DAY + 9 * HOUR
    people = [
        u for u in life.people.users if u.created < sent and (u.left is None or u.left > sent)
    ]
    mood = record.satisfaction
    for _ in range(min(asked, len(people))):
        user = people.pop(int(rng.random() * len(people)))
        survey = Survey(len(result), kind, user.email, user.number, sent + int(rng.random() * HOUR))
        result.append(survey)
        if rng.random() >= 1 / (1 + math.exp(0.7 - 0.25 * mood)):
            continue
        survey.answered = survey.sent + int(rng.expovariate(1 / (1.2 * DAY))) + 120
        if kind == "nps":
            noise = 1.5 * rng.gauss(0, 1) - (4 if rng.random() < 0.05 else 0)
            survey.score = max(0, min(10, round(8.1 + 1.1 * mood + noise)))
            low = survey.score <= 6
        else:
            survey.score = max(1, min(5, round(3.9 + 0.55 * mood + 0.95 * rng.gauss(0, 1))))
            low = survey.score <= 2
        if rng.random() < 0.35:
            words = BLAME if low else PRAISE
            survey.comment = words[int(rng.random() * len(words))]
        if rng.random() < 0.03:
            survey.edited = survey.answered + int((0.1 + 2 * rng.random()) * DAY)
