"""Whom billing belongs to: domains, merges, deleted rows; and what is not recurring."""

from demo.accounts import account_id
from demo.clock import DAY, at
from demo.life import Life
from demo.stories.tools import (
    again,
    later,
    leave,
    next_payment,
    price_of,
    sell_core,
    story,
    unmatched,
)


@story
def services_and_credit(life: Life) -> None:
    """A one-time fee, training days and a service credit beside the subscription."""
    fee = life.fee("Onboarding fee", 150_000, life.account.start)
    sell_core(life, 24, "Growth", "year", fee=fee)
    ts = later(life, 6, 2)
    life.book.plan(
        ts, lambda when: life.book.one_off(when, [life.fee("Training day", 120_000, when, 3)])
    )
    credit = life.fee("Training day", 120_000, ts)
    credit.amount, credit.description = -credit.amount, "Service credit for an outage"
    life.book.plan(later(life, 9, 2), lambda when: life.book.one_off(when, [credit]))


@story
def soft_deleted(life: Life) -> None:
    """Deleted in the CRM by mistake while it pays: its ARR stays its own, and is named."""
    life.account.deleted_at = at(2025, 2, 11, 9)
    sell_core(life, 9)


@story
def matched_by_domain(life: Life) -> None:
    """No CRM id in Stripe; the e-mail domain is the account's web site."""
    life.account.billing_key = False
    life.account.support_key = False
    sell_core(life, 13)


@story
def shared_domain_parent(life: Life) -> None:
    """A parent whose subsidiary has the same web site."""
    sell_core(life, 40, "Scale", "year")


@story
def shared_domain_child(life: Life) -> None:
    """No CRM id in Stripe and a domain two accounts share: unassigned."""
    account = life.account
    account.billing_key = False
    account.parent = account.index - 1
    sell_core(life, 8)


@story
def second_free_mail(life: Life) -> None:
    """Unassigned, and leaves."""
    unmatched(life, "gmail.com")
    sub = sell_core(life, 4, "Starter")
    leave(life, later(life, 19, 4), sub)


@story
def merged_after_leaving(life: Life) -> None:
    """Left before it was merged: nothing to transfer."""
    account = life.account
    account.merged_into = account.index + 1
    account.merged_at = at(2024, 9, 3, 15)
    account.change(account.merged_at, "MasterRecordId", None, account_id(account.index + 1))
    sub = sell_core(life, 11)
    leave(life, later(life, 8, 3), sub)


@story
def merge_survivor_new(life: Life) -> None:
    """The survivor of a merge that became a customer later."""
    price = price_of(life, "Growth", year=2024)
    life.book.plan(later(life, 14), lambda ts: life.book.start(ts, [(price, 12)]))


@story
def merged_into_prospect(life: Life) -> None:
    """A paying account merged into one that never paid."""
    account = life.account
    account.merged_into = account.index + 1
    account.merged_at = at(2023, 11, 21, 11)
    account.change(account.merged_at, "MasterRecordId", None, account_id(account.index + 1))
    sub = sell_core(life, 14)
    life.book.plan(account.merged_at + 40 * DAY, life.book.seats, sub, 20)


@story
def prospect_survivor(life: Life) -> None:
    """Never bought anything itself."""
    life.account.prospect = True


@story
def yen(life: Life) -> None:
    """A currency without minor unit."""
    sub = sell_core(life, 35, "Growth", "year")
    life.book.plan(later(life, 16, 3), life.book.seats, sub, 41)


@story
def failed_then_back(life: Life) -> None:
    """Canceled for failed payment, back with a new card two weeks later."""
    sell_core(life, 10)
    life.book.plan(later(life, 6, hours=-1), next_payment(life, "cancel"))
    again(life, later(life, 6, 34), price_of(life), 10)


@story
def first_payment_failed(life: Life) -> None:
    """The first attempt to buy expires unpaid; the second works."""
    life.book.start(life.account.start, [(price_of(life), 6)], incomplete=True)
    life.book.plan(later(life, 0, 2), lambda ts: life.book.start(ts, [(price_of(life), 6)]))
