"""A second company nobody tuned: random lives of Stripe subscriptions against an oracle.

A fixed budget by default. For a night:

    CSW_JUDGE_LIVES=4000 CSW_JUDGE_SEED=7 pytest tests/python/judge

A life that fails is shrunk and told as a story; a smaller one becomes a test of `test_named_lives`.
"""

import os
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from tests.python.judge.company import Case, Company, Finding, collected, shrunk, size
from tests.python.judge.stripe_export import Telling, is_whole, leaves_traces, tellings
from tests.python.judge.stripe_life import lives, play

pytestmark = pytest.mark.long

LIVES = int(os.environ.get("CSW_JUDGE_LIVES", "160"))
SEED = int(os.environ.get("CSW_JUDGE_SEED", "1"))
BATCH = 400


def batches(*, may_lose: bool) -> list[list[Case]]:
    """Lives and how they are told, as many as the budget says."""
    found = []
    for number, begin in enumerate(range(0, LIVES, BATCH)):

        def cases(name: str) -> st.SearchStrategy:
            return st.tuples(lives(name), tellings(may_lose=may_lose))

        count, seed = min(BATCH, LIVES - begin), SEED * 1000 + number * 2 + may_lose
        found.append([Case(*pair) for pair in collected(cases, count, seed)])
    return found


def is_wrong(finding: Finding) -> bool:
    """Right or loud; and where the export holds all there is to know, right and quiet."""
    played, telling = play(finding.case.life), finding.case.telling
    if is_whole(played, telling):
        return True
    return not finding.is_told_of and leaves_traces(played, telling)


def stories(findings: list[Finding]) -> str:
    """The smallest failures, shrunk."""
    smallest = shrunk(sorted(findings, key=lambda each: size(each.case))[:4], rounds=6, most=6)
    return "\n\n".join([f"{len(findings)} lives", *(each.story() for each in smallest)])


@pytest.mark.parametrize("may_lose", [False, True], ids=["whole", "something_lost"])
def test_figures_are_right_or_loud(may_lose):
    for cases in batches(may_lose=may_lose):
        company = Company(cases)
        assert not company.load_errors
        wrong = [finding for finding in company.findings() if is_wrong(finding)]
        assert not wrong, stories(wrong)


def test_what_is_found_as_it_was_billed_is_no_change():
    """Prices of every kind, no event, and nobody changes anything: bills and objects agree."""
    unchanged = [
        replace(life, subscriptions=tuple(replace(s, actions=()) for s in life.subscriptions))
        for life in collected(lives, LIVES // 2, SEED * 1000 + 77)
    ]
    shapes = ("old", "new", "plan")
    no_event = tuple(range(max(len(play(life).events) for life in unchanged)))
    company = Company(
        [Case(life, Telling(shapes[n % 3], lost=no_event)) for n, life in enumerate(unchanged)]
    )
    assert not [line for line in company.named if "change_untold" in line]
