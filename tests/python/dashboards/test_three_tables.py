"""A company of three tables: each page says in words what it does not have, and fails nowhere."""

import pytest

from dashboards.app.pages import PAGES
from tests.python.dashboards.browser import errors, hosts, show, text
from tests.python.dashboards.conftest import served

pytestmark = pytest.mark.long

# What each page says where there is nothing to show, and a figure that is there.
SAYS = {
    "Leader": (
        "18.0 K EUR",
        "1 customer who left: \N{MINUS SIGN}7.20 K",
        "No term of longer than a month is due.",
        "No account has a CSM.",
        "No survey of NPS is known.",
        "No survey of CSAT is known.",
    ),
    "My book": (
        "5 accounts under contract with 18.0 K EUR of ARR.",
        "No account has a CSM.",
        "Too little is known of the accounts to warn of one.",
        "No expansion signal is open. Too little is known of the accounts to tell.",
    ),
    "Account": ("Choose an account;",),
    "Finance": (
        "No month has been closed (csw close).",
        "There is no complete month with ARR and bills.",
    ),
    "Product": (
        "no product named",
        "No use of a feature is known.",
        "Nobody who left in the 12 months is known to have used a feature before.",
    ),
    "Trust": (
        "Not known: too few have left whose health was known.",
        "Too few customers have left to say.",
        "Yes: nothing was wrong with what 1 source brought in the last load.",
        "Nothing is known to be missing.",
    ),
}


@pytest.fixture(scope="module")
def address(three_tables_home):
    with served(three_tables_home) as url:
        yield url


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_each_page_says_in_words_what_is_not_there(browser, address, page):
    show(browser, f"{address}/{page.address}", page.title)
    said = text(browser)
    assert [words for words in SAYS[page.title] if words not in said] == []
    assert "Not in this publication" not in said
    assert not browser.find_elements("css selector", "[data-testid=stException]")
    assert errors(browser) == []
    assert hosts(browser) == {"localhost"}
