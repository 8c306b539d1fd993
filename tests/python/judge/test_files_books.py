"""Random contracts of `files` against an oracle of their own: ARR, movements, NRR, GRR, logos.

A fixed budget by default. For a night:

    CSW_JUDGE_BOOKS=10000 CSW_JUDGE_SEED=7 pytest tests/python/judge

"""

import os

import pytest

from tests.python.judge.company import collected, shrunk
from tests.python.judge.files_company import Company, simpler, size
from tests.python.judge.files_life import books

pytestmark = pytest.mark.long

BOOKS = int(os.environ.get("CSW_JUDGE_BOOKS", "400"))
SEED = int(os.environ.get("CSW_JUDGE_SEED", "1"))
BATCH = 1000


@pytest.mark.parametrize("number", range((BOOKS + BATCH - 1) // BATCH))
def test_contracts_have_the_figures_of_the_oracle(number):
    company = Company(collected(books, min(BATCH, BOOKS - number * BATCH), SEED * 1000 + number))
    assert not company.load_errors
    found = sorted(company.findings(), key=lambda each: size(each.case))
    if found:
        smallest = shrunk(found[:4], rounds=6, most=6, company=Company, simpler=simpler, size=size)
        pytest.fail("\n\n".join([f"{len(found)} books", *(each.story() for each in smallest)]))
    assert company.rates_that_differ() == []
