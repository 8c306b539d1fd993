"""Random legal lives of Zendesk tickets against a second model of what Zendesk says of them.

A run builds a few companies of many tickets. `CSW_TICKET_COMPANIES=200` is the nightly budget; with
it what fails is shrunk, which takes long.
"""

import os
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.python.cases.company import build

from .lives import Life, Step, export, lives
from .zendesk_model import backlog, truth

pytestmark = pytest.mark.long

COMPANIES = int(os.environ.get("CSW_TICKET_COMPANIES", "0"))
QUICK = [Phase.explicit, Phase.generate]
TARGETS = ("fct_ticket", "fct_account_support_day", "int_support_gaps")


def compare(tickets: list[Life], shuffle: int) -> list[str]:
    """What differs between the warehouse and the truth, ticket by ticket."""
    with tempfile.TemporaryDirectory() as place:
        built = build(
            Path(place) / "home",
            export(Path(place) / "exports", tickets, shuffle),
            targets=TARGETS,
        )
        facts = {
            row[0]: row[1:]
            for row in built.rows(
                "select ticket_id, is_open, is_merged, reopens, first_response_at,"
                " first_solved_at, last_solved_at from facts.fct_ticket"
            )
        }
        levels: dict[str, dict] = {}
        for account, day, level in built.rows(
            "select account_id, date_day, backlog from facts.fct_account_support_day"
        ):
            levels.setdefault(account, {})[day] = level
        gaps = built.rows("select object_id, what_is_missing from intermediate.int_support_gaps")
        failing = built.failing_tests()
        built.connection.close()
    wrong = [f"rejected: {line}" for line in built.load_errors.values()]
    wrong += [f"gap of a sound ticket: {gap}" for gap in gaps]
    wrong += [f"test: {name}" for name in failing]
    for number, life in enumerate(tickets, start=1):
        true = truth(life)
        found = facts.get(str(number))
        wanted = (
            (
                true.is_open,
                true.is_merged,
                true.reopens,
                true.first_response,
                true.first_solved,
                true.last_solved,
            )
            if true.exists
            else None
        )
        if found != wanted:
            wrong.append(f"ticket {number}: {found}, true is {wanted}")
        if levels.get(f"A{number}") != backlog(life):
            wrong.append(f"backlog of ticket {number}: {levels.get(f'A{number}')}")
    return wrong


@settings(
    max_examples=COMPANIES or 8,
    phases=[*QUICK, Phase.shrink] if COMPANIES else QUICK,
    deadline=None,
    database=None,
    derandomize=not COMPANIES,
    suppress_health_check=list(HealthCheck),
)
@given(tickets=st.lists(lives(), min_size=30, max_size=60), shuffle=st.integers(0, 9))
def test_random_lives(tickets: list[Life], shuffle: int) -> None:
    assert compare(tickets, shuffle) == []


def _life(*steps: tuple[str, str], telling: str) -> Life:
    told = [Step(datetime.fromisoformat(at), status) for at, status in steps]
    return Life(told[0].at, told, [], telling)


def test_solved_opened_and_solved_again_within_one_second() -> None:
    steps = [
        ("2025-06-02 09:00:00", "new"),
        ("2025-06-03 09:00:00", "solved"),
        ("2025-06-03 09:00:00", "open"),
        ("2025-06-03 09:00:00", "solved"),
    ]
    assert compare([_life(*steps, telling="ids")], 3) == []


def test_deleted_and_restored_within_one_second() -> None:
    steps = [
        ("2025-06-02 09:00:00", "new"),
        ("2025-06-03 09:00:00", "solved"),
        ("2025-06-03 09:00:00", "deleted"),
        ("2025-06-05 09:00:00", "solved"),
    ]
    assert compare([_life(*steps, telling=each) for each in ("ids", "previous", "order")], 1) == []
