"""Simulates accounts: each one by itself, month by month."""

from demo import accounts, stories
from demo.accounts import Account
from demo.book import Book
from demo.clock import DAY
from demo.life import Life
from demo.people import People
from demo.streams import stream


def make_account(index: int, *, seed: int, scale: float) -> Account:
    """The n-th account with its story and its parent."""
    story = stories.name_of(index, accounts.first_cohort(scale))
    account = accounts.make(index, seed=seed, scale=scale, story=story)
    if story:
        stories.places(story, account)
        if story == "shared_domain_child":
            parent = accounts.make(index - 1, seed=seed, scale=scale, story="shared_domain_parent")
            stories.share_domain(account, parent)
    elif index % 16 in (3, 4, 5) and not stories.name_of(index - 1, accounts.first_cohort(scale)):
        # Groups: a child, and a child of the child.
        account.parent = index - 1
    return account


def live(index: int, months: int, *, seed: int, scale: float) -> Life:
    """Simulate one account up to the end of a month."""
    account = make_account(index, seed=seed, scale=scale)
    people = People(account, seed)
    life = Life(account, seed, Book(account, seed), people, accounts.csm_count(scale))
    people.start()
    if account.story:
        stories.play(account.story, life)
    else:
        life.prepare()
        rng = stream(seed, "deleted", index)
        if account.prospect and rng.random() < 0.3:
            account.deleted_at = account.created + int((20 + 100 * rng.random()) * DAY)
    for month in range(account.arrival, months):
        life.month(month)
    return life
