"""Scripted accounts: every case of the metric definitions happens at least once.

A story plans the billing of one account of the first cohort. Random decisions are off for it.
Stories stand in order of importance: a small demo company has only the first of them.
"""

from demo.accounts import Account
from demo.clock import HOUR, month_start
from demo.life import Life
from demo.stories import contracts, identity, movements, terms
from demo.stories.tools import STORIES

PERIOD = 120
_ORDER = [module.__name__ for module in (movements, contracts, terms, identity)]
NAMES = sorted(STORIES, key=lambda name: _ORDER.index(STORIES[name].__module__))


def play(name: str, life: Life) -> None:
    """Plan what a story says."""
    STORIES[name](life)


def name_of(index: int, first_cohort: int) -> str:
    """The story of an account, if it has one: each 120 accounts of the first cohort have all."""
    spot = index % PERIOD
    return NAMES[spot] if index < first_cohort and spot < len(NAMES) else ""


def places(name: str, account: Account) -> None:
    """Where stories need a place, a size or a web site of their own."""
    if name in ("yen", "once_coupon"):
        account.region, account.country, account.currency = "APAC", "Japan", "jpy"
    elif name in ("quarterly", "amount_coupon_forever", "two_customers"):
        account.region, account.country, account.currency = "EMEA", "Germany", "eur"
    account.segment = "SMB" if account.segment == "Enterprise" else account.segment
    if name in ("two_years_prepaid", "three_years_prepaid", "ramp"):
        account.segment, account.employees = "Enterprise", max(2_000, account.employees)
    account.employees = max(account.employees, 60)
    account.start = max(account.start, month_start(0) + 9 * HOUR)


def share_domain(account: Account, parent: Account) -> None:
    """Give a subsidiary the web site of its parent."""
    account.domain = account.mail_domain = parent.domain
    account.website = parent.website
