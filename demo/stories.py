"""Scripted accounts: every case of the metric definitions happens at least once.

A story plans the billing of one account of the first cohort. Random decisions are off for it.
Stories stand in order of importance: a small demo company has only the first of them.
"""

from collections.abc import Callable

from demo import catalog
from demo.accounts import Account, account_id
from demo.billing import Item, Subscription
from demo.book import REQUESTED, Reason
from demo.catalog import CONNECT, CORE, GUARD, INSIGHTS, Price, list_price
from demo.clock import DAY, HOUR, add_months, at, month_start
from demo.life import Departure, Life
from demo.names import FREE_MAIL

Story = Callable[[Life], None]
STORIES: dict[str, Story] = {}
NO_USE: Reason = (REQUESTED, "unused", "The team stopped using it")
PRICE: Reason = (REQUESTED, "too_expensive", "Budget cut")


def story(function: Story) -> Story:
    """Register a story under its function's name."""
    STORIES[function.__name__] = function
    return function


def name_of(index: int, first_cohort: int) -> str:
    """The story of an account, if it has one: each 120 accounts of the first cohort have all."""
    names = tuple(STORIES)
    spot = index % 120
    return names[spot] if index < first_cohort and spot < len(names) else ""


def _price(
    life: Life,
    plan: str = "Growth",
    interval: str = "month",
    count: int = 1,
    *,
    product: str = CORE,
    year: int = 2023,
    reduction: float = 0.0,
    currency: str | None = None,
) -> Price:
    currency = currency or life.account.currency
    return list_price(product, plan, currency, interval, count, year=year, reduction=reduction)


def _sell(
    life: Life, *lines: tuple[Price, int], ts: int | None = None, **settings: object
) -> Subscription:
    """Sell at the account's start."""
    ts = life.account.start if ts is None else ts
    sub = life.book.start(ts, lines, **settings)
    life.deal(ts, "New Business", sub, won=True, lead=40 * DAY)
    return sub


def _core(
    life: Life,
    seats: int,
    plan: str = "Growth",
    interval: str = "month",
    count: int = 1,
    **settings: object,
) -> Subscription:
    return _sell(life, (_price(life, plan, interval, count), seats), **settings)


def _later(life: Life, months: int, days: int = 0, hours: int = 0) -> int:
    """A moment some months after the start."""
    return add_months(life.account.start, months) + days * DAY + hours * HOUR


def _leave(
    life: Life, ts: int, sub: Subscription, reason: Reason = NO_USE, *, record: bool = True
) -> None:
    """Give notice at a moment; the subscription ends with its period."""

    def act(when: int) -> None:
        life.book.cancel_at_end(when, sub, reason)
        if record:
            label = "Price" if reason is PRICE else "Low adoption"
            life.departures.append(Departure(sub.now.period_end, label, reason[2] or "", True))

    life.book.plan(ts, act)
    life.sour(ts)


def _again(life: Life, ts: int, price: Price, seats: int) -> None:
    life.book.plan(ts, lambda when: life.book.start(when, [(price, seats)]))
    life.brighten(ts)


# --- the main movements: also in a small company --------------------------------------------


@story
def pause_and_resume(life: Life) -> None:
    """Paused over two month ends, then back."""
    sub = _core(life, 14)
    life.book.plan(_later(life, 6, hours=-1), life.book.pause, sub, _later(life, 8, hours=-1))
    life.book.plan(_later(life, 8, hours=-1), life.book.resume, sub)


@story
def reactivated(life: Life) -> None:
    """Leaves, and comes back more than 90 days later with a new subscription."""
    sub = _core(life, 9)
    _leave(life, _later(life, 7, 4), sub)
    _again(life, _later(life, 13), _price(life, year=2024), 12)


@story
def late_renewal(life: Life) -> None:
    """The yearly contract lapses; a new one is signed 40 days later."""
    sub = _core(life, 22, "Growth", "year")
    _leave(life, _later(life, 11), sub, PRICE)
    _again(life, _later(life, 12, 40), _price(life, "Growth", "year", year=2024), 24)


@story
def seats_up_and_down(life: Life) -> None:
    """Seats change in the middle of a yearly term, twice."""
    sub = _core(life, 30, "Growth", "year")
    life.book.plan(_later(life, 4, 10), life.book.seats, sub, 45)
    life.book.plan(_later(life, 15, 3), life.book.seats, sub, 33)


@story
def card_fails_for_good(life: Life) -> None:
    """Involuntary churn: four failed attempts, then canceled."""
    _core(life, 11)
    life.book.plan(_later(life, 9, hours=-1), _outcome(life, "cancel"))
    life.departures.append(Departure(_later(life, 9, 16), "Payment failure", "Card expired", True))


def _outcome(life: Life, fate: str) -> Callable[[int], None]:
    def act(_: int) -> None:
        life.book.outcome = fate

    return act


@story
def repeating_coupon(life: Life) -> None:
    """25 % off for six months; its end is expansion without any event."""
    _core(life, 16, coupon=catalog.coupon("repeating", percent=25, months=6))


@story
def merged_away(life: Life) -> None:
    """Merged into the next account in the CRM; its billing goes on."""
    account = life.account
    account.merged_into = account.index + 1
    account.merged_at = at(2024, 5, 14, 10)
    account.change(account.merged_at, "MasterRecordId", None, account_id(account.index + 1))
    _core(life, 18, "Growth", "month")


@story
def merge_survivor(life: Life) -> None:
    """Takes the account before it over."""
    _core(life, 25, "Growth", "year")


@story
def free_mail(life: Life) -> None:
    """Pays with a private address; no CRM account fits."""
    _unmatched(life, FREE_MAIL[life.account.index % len(FREE_MAIL)])
    sub = _core(life, 5, "Starter")
    life.book.plan(_later(life, 10, 5), life.book.seats, sub, 8)


def _unmatched(life: Life, domain: str) -> None:
    life.account.crm = False
    life.account.billing_key = False
    life.account.product_key = False
    life.account.support_key = False
    life.account.feedback_key = False
    life.account.mail_domain = domain


@story
def ramp(life: Life) -> None:
    """Three yearly phases on one subscription: 40, 55, 70 seats, the last at a higher price."""
    price = _price(life, "Scale", "year", reduction=0.2)
    sub = _sell(life, (price, 40), collection="send_invoice")
    dearer = _price(life, "Scale", "year", year=2025, reduction=0.2)
    item = sub.now.items[0]
    life.book.next_items[sub.id] = [
        (_later(life, 12) - DAY, (Item(item.id, price, 55, item.created),)),
        (_later(life, 24) - DAY, (Item(item.id, dearer, 70, item.created),)),
    ]


@story
def plan_swap(life: Life) -> None:
    """Starter to Growth on the same subscription item."""
    sub = _core(life, 12, "Starter")
    dearer = _price(life, "Growth", year=2024)
    life.book.plan(
        _later(life, 14, 9), lambda ts: life.book.swap(ts, sub, CORE, dearer, same_item=True)
    )


@story
def cancel_at_period_end(life: Life) -> None:
    """Asks to leave seven weeks before the term ends."""
    sub = _core(life, 20, "Growth", "year")
    _leave(life, _later(life, 22, 10), sub, PRICE)


# --- billing cases --------------------------------------------------------------------------


@story
def plan_swap_new_item(life: Life) -> None:
    """The old item is removed and a new one added in the same change."""
    sub = _core(life, 12, "Growth", "year")
    dearer = _price(life, "Scale", "year", year=2024)
    life.book.plan(
        _later(life, 13, 6), lambda ts: life.book.swap(ts, sub, CORE, dearer, same_item=False)
    )


@story
def price_rise(life: Life) -> None:
    """Six per cent more at the renewal, and again in the middle of a term."""
    sub = _core(life, 15, "Growth", "year")
    dearer = _price(life, "Growth", "year", year=2024)
    life.book.plan(_later(life, 12, 2), lambda ts: life.book.swap(ts, sub, CORE, dearer))
    more = _price(life, "Growth", "year", year=2025)
    life.book.plan(_later(life, 27, 2), lambda ts: life.book.swap(ts, sub, CORE, more))


@story
def committed_and_metered(life: Life) -> None:
    """A committed minimum is ARR, calls above it are not."""
    sub = _core(life, 20)
    commitment = _price(life, "Connect commitment", product=CONNECT)
    life.book.plan(_later(life, 3, 2), lambda ts: life.book.add(ts, sub, commitment, 1))
    more = _later(life, 18, 5)
    life.book.plan(more, lambda ts: life.book.swap(ts, sub, CONNECT, _double(commitment)))


def _double(price: Price) -> Price:
    return catalog.price(
        price.product,
        price.nickname,
        price.currency,
        price.interval,
        price.interval_count,
        price.unit_amount * 2,
        2024,
    )


@story
def two_subscriptions(life: Life) -> None:
    """One of two subscriptions ends: contraction, not churn."""
    _core(life, 18, "Growth", "year")
    price = _price(life, "Insights", product=INSIGHTS)

    def second(ts: int) -> None:
        sub = life.book.start(ts, [(price, 18)])
        _leave(life, _later(life, 15, 3), sub, PRICE, record=False)

    life.book.plan(_later(life, 4), second)


@story
def two_customers(life: Life) -> None:
    """Two Stripe customers of one account, in two currencies."""
    _core(life, 10)
    other = "eur" if life.account.currency != "eur" else "usd"
    price = _price(life, "Growth", "year", currency=other)
    life.book.plan(_later(life, 8, 6), lambda ts: life.book.start(ts, [(price, 12)], customer=1))


@story
def add_on_and_back(life: Life) -> None:
    """Buys an add-on and drops it a year later."""
    sub = _core(life, 16)
    add_on = _price(life, "Guard", product=GUARD)
    life.book.plan(_later(life, 5, 8), lambda ts: life.book.add(ts, sub, add_on, 16))
    life.book.plan(_later(life, 17, 4), lambda ts: life.book.drop(ts, sub, GUARD))


@story
def same_day(life: Life) -> None:
    """A subscription that starts and ends on one day, then a real one two months later."""
    ts = life.account.start
    sub = _core(life, 7, "Starter")
    life.book.plan(
        ts + 3 * HOUR,
        lambda when: life.book.end(
            when, sub, reason=(REQUESTED, "other", "Wrong plan"), refund=True
        ),
    )
    _again(life, _later(life, 2, 3), _price(life, "Growth"), 7)


@story
def same_month(life: Life) -> None:
    """A subscription that starts and ends within one month."""
    ts = month_start(0) + 2 * DAY + 9 * HOUR
    sub = _core(life, 6, "Starter", ts=ts)
    life.book.plan(ts + 15 * DAY, lambda when: life.book.end(when, sub, reason=NO_USE, refund=True))


@story
def backdated_start(life: Life) -> None:
    """Entered weeks after it began, across a month end."""
    ts = month_start(2) + 9 * DAY + 14 * HOUR
    price = _price(life, "Growth", "year")
    life.book.plan(
        ts, lambda when: life.book.start(when, [(price, 17)], start_date=when - 20 * DAY)
    )
    later = month_start(35) + 12 * DAY
    extra = _price(life, "Guard", "year", product=GUARD, year=2025)
    life.book.plan(
        later, lambda when: life.book.start(when, [(extra, 17)], start_date=when - 25 * DAY)
    )


@story
def backdated_cancellation(life: Life) -> None:
    """Canceled in November with effect of October."""
    sub = _core(life, 13)
    ts = month_start(34) + 8 * DAY + 15 * HOUR
    life.sour(ts)
    life.book.plan(
        ts,
        lambda when: life.book.end(
            when,
            sub,
            reason=(REQUESTED, "other", "Out of business"),
            ended_at=when - 22 * DAY,
            refund=True,
        ),
    )
    life.departures.append(Departure(ts - 22 * DAY, "Company closed", "Out of business", False))


@story
def card_recovers(life: Life) -> None:
    """Past due for some days, still ARR, then paid."""
    _core(life, 14)
    life.book.plan(_later(life, 5, hours=-1), _outcome(life, "recover"))
    life.book.plan(_later(life, 16, hours=-1), _outcome(life, "recover"))


@story
def card_unpaid(life: Life) -> None:
    """Past due, then unpaid: churn while the subscription stays open."""
    _core(life, 8)
    life.book.plan(_later(life, 17, hours=-1), _outcome(life, "unpaid"))


@story
def once_coupon(life: Life) -> None:
    """Half off the first invoice: no change of ARR."""
    _core(life, 10, coupon=catalog.coupon("once", percent=50))


@story
def forever_coupon(life: Life) -> None:
    """12.5 % off for ever."""
    _core(life, 21, "Growth", "year", coupon=catalog.coupon("forever", percent=12.5))


@story
def amount_coupon_repeating(life: Life) -> None:
    """A fixed amount off each of four invoices, on two items."""
    amount = catalog.local_amount(9_000, life.account.currency)
    off = catalog.amount_coupon("repeating", amount, life.account.currency, months=4)
    _sell(
        life,
        (_price(life), 12),
        (_price(life, "Insights", product=INSIGHTS), 12),
        coupon=off,
    )


@story
def amount_coupon_forever(life: Life) -> None:
    """A fixed amount off per quarter, for ever; more than the price at first."""
    amount = catalog.local_amount(30_000, life.account.currency)
    off = catalog.amount_coupon("forever", amount, life.account.currency)
    sub = _core(life, 2, "Growth", "month", 3, coupon=off)
    life.book.plan(_later(life, 4, 4), life.book.seats, sub, 9)


@story
def coupon_replaced(life: Life) -> None:
    """One coupon replaced by another, then removed."""
    sub = _core(life, 15, coupon=catalog.coupon("forever", percent=10))
    save = catalog.coupon("repeating", percent=30, months=3)
    life.book.plan(_later(life, 8, 3), life.book.discount, sub, save)
    life.book.plan(
        _later(life, 20, 3), life.book.discount, sub, catalog.coupon("forever", percent=5)
    )
    life.book.plan(_later(life, 28, 3), life.book.discount, sub, None)


@story
def trial_converts(life: Life) -> None:
    """30 days of trial with a seat change in it, then paying."""
    sub = _core(life, 6, "Starter", trial_days=30)
    life.book.plan(_later(life, 0, 12), life.book.seats, sub, 9)


@story
def trial_lost(life: Life) -> None:
    """Leaves at the end of the trial: never a customer."""
    sub = _core(life, 6, "Starter", trial_days=14)
    life.book.plan(_later(life, 0, 9), life.book.cancel_at_end, sub, NO_USE)


@story
def trial_without_card(life: Life) -> None:
    """Stripe pauses the subscription at the end of the trial; a card comes 50 days later."""
    sub = _core(life, 6, "Starter", trial_days=14)
    life.book.no_card.add(sub.id)
    life.book.plan(_later(life, 0, 64), life.book.card_added, sub)


@story
def weekly(life: Life) -> None:
    """Billed by the week for three months, then monthly."""
    sub = _core(life, 7, "Growth", "week")
    life.book.plan(_later(life, 3), _switch(life, sub, _price(life, "Growth"), 7))


def _switch(life: Life, sub: Subscription, price: Price, seats: int) -> Callable[[int], None]:
    """End one subscription and start another in the same hour: no movement but the difference."""

    def act(ts: int) -> None:
        life.book.end(ts, sub, reason=(REQUESTED, "other", "New contract"), refund=True)
        life.book.start(ts + 1_800, [(price, seats)])

    return act


@story
def daily(life: Life) -> None:
    """Billed by the day for three weeks across a month end."""
    ts = month_start(3) + 14 * DAY + 9 * HOUR
    sub = _core(life, 5, "Growth", "day", ts=ts)
    life.book.plan(ts + 24 * DAY, _switch(life, sub, _price(life, "Growth"), 5))


@story
def two_years_prepaid(life: Life) -> None:
    """Two years on one invoice."""
    _core(life, 60, "Scale", "year", 2, collection="send_invoice")


@story
def three_years_prepaid(life: Life) -> None:
    """Three years on one invoice, with more seats in the second."""
    sub = _core(life, 90, "Scale", "year", 3, collection="send_invoice")
    life.book.plan(_later(life, 14, 3), life.book.seats, sub, 120)


@story
def half_yearly(life: Life) -> None:
    """Billed every six months."""
    _core(life, 26, "Growth", "month", 6)


@story
def quarterly(life: Life) -> None:
    """Billed every three months, with a change in between."""
    sub = _core(life, 26, "Growth", "month", 3)
    life.book.plan(_later(life, 10, 11), life.book.seats, sub, 31)


@story
def renewed_by_new_contract(life: Life) -> None:
    """The term ends and a new subscription starts the same day: nothing lapses."""
    sub = _core(life, 28, "Growth", "year")
    price = _price(life, "Growth", "year", year=2024)
    life.book.plan(_later(life, 12) - HOUR, _switch(life, sub, price, 28))


@story
def back_within_the_month(life: Life) -> None:
    """Ends and returns between two month ends: no churn at month grain."""
    ts = month_start(0) + 4 * DAY + 9 * HOUR
    sub = _core(life, 12, ts=ts)
    life.book.plan(add_months(ts, 9) - 12 * DAY, life.book.cancel_at_end, sub, PRICE)
    _again(life, add_months(ts, 9) + 14 * DAY, _price(life), 12)


@story
def notice_taken_back(life: Life) -> None:
    """Gives notice and takes it back before the term ends."""
    sub = _core(life, 19, "Growth", "year")
    life.book.plan(_later(life, 10), life.book.cancel_at_end, sub, PRICE)
    life.book.plan(_later(life, 11, 5), life.book.keep, sub)


@story
def paused_then_left(life: Life) -> None:
    """Never comes back from a pause; churned in fact, contraction in the books."""
    sub = _core(life, 9)
    life.book.plan(_later(life, 20, hours=-1), life.book.pause, sub)
    life.book.plan(_later(life, 23, 6), lambda ts: life.book.end(ts, sub, reason=NO_USE))
    _again(life, _later(life, 29, 3), _price(life, year=2025), 6)


@story
def pause_of_one(life: Life) -> None:
    """One of two subscriptions pauses in the middle of its period."""
    _core(life, 15)
    price = _price(life, "Guard", product=GUARD)

    def second(ts: int) -> None:
        sub = life.book.start(ts, [(price, 15)])
        life.book.plan(_later(life, 7, 13), life.book.pause, sub, _later(life, 9, 13))
        life.book.plan(_later(life, 9, 13), life.book.resume, sub)

    life.book.plan(_later(life, 2), second)


@story
def canceled_at_once(life: Life) -> None:
    """Immediate cancellation in the middle of a yearly term, the rest refunded."""
    sub = _core(life, 17, "Growth", "year")
    ts = _later(life, 18, 9)
    life.sour(ts)
    life.book.plan(ts, lambda when: life.book.end(when, sub, reason=NO_USE, refund=True))
    life.departures.append(Departure(ts, "Support", "Unhappy with response times", True))


@story
def services_and_credit(life: Life) -> None:
    """A one-time fee, training days and a service credit beside the subscription."""
    fee = life.fee("Onboarding fee", 150_000, life.account.start)
    _core(life, 24, "Growth", "year", fee=fee)
    ts = _later(life, 6, 2)
    life.book.plan(
        ts, lambda when: life.book.one_off(when, [life.fee("Training day", 120_000, when, 3)])
    )
    credit = life.fee("Training day", 120_000, ts)
    credit.amount, credit.description = -credit.amount, "Service credit for an outage"
    life.book.plan(_later(life, 9, 2), lambda when: life.book.one_off(when, [credit]))


@story
def soft_deleted(life: Life) -> None:
    """Deleted in the CRM by mistake while it pays: its ARR is unassigned."""
    life.account.deleted_at = at(2025, 2, 11, 9)
    _core(life, 9)


@story
def matched_by_domain(life: Life) -> None:
    """No CRM id in Stripe; the e-mail domain is the account's web site."""
    life.account.billing_key = False
    life.account.support_key = False
    _core(life, 13)


@story
def shared_domain_parent(life: Life) -> None:
    """A parent whose subsidiary has the same web site."""
    _core(life, 40, "Scale", "year")


@story
def shared_domain_child(life: Life) -> None:
    """No CRM id in Stripe and a domain two accounts share: unassigned."""
    account = life.account
    account.billing_key = False
    account.parent = account.index - 1
    _core(life, 8)


@story
def second_free_mail(life: Life) -> None:
    """Unassigned, and leaves."""
    _unmatched(life, "gmail.com")
    sub = _core(life, 4, "Starter")
    _leave(life, _later(life, 19, 4), sub)


@story
def merged_after_leaving(life: Life) -> None:
    """Left before it was merged: nothing to transfer."""
    account = life.account
    account.merged_into = account.index + 1
    account.merged_at = at(2024, 9, 3, 15)
    account.change(account.merged_at, "MasterRecordId", None, account_id(account.index + 1))
    sub = _core(life, 11)
    _leave(life, _later(life, 8, 3), sub)


@story
def merge_survivor_new(life: Life) -> None:
    """The survivor of a merge that became a customer later."""
    price = _price(life, "Growth", year=2024)
    life.book.plan(_later(life, 14), lambda ts: life.book.start(ts, [(price, 12)]))


@story
def merged_into_prospect(life: Life) -> None:
    """A paying account merged into one that never paid."""
    account = life.account
    account.merged_into = account.index + 1
    account.merged_at = at(2023, 11, 21, 11)
    account.change(account.merged_at, "MasterRecordId", None, account_id(account.index + 1))
    sub = _core(life, 14)
    life.book.plan(account.merged_at + 40 * DAY, life.book.seats, sub, 20)


@story
def prospect_survivor(life: Life) -> None:
    """Never bought anything itself."""
    life.account.prospect = True


@story
def yen(life: Life) -> None:
    """A currency without minor unit."""
    sub = _core(life, 35, "Growth", "year")
    life.book.plan(_later(life, 16, 3), life.book.seats, sub, 41)


@story
def failed_then_back(life: Life) -> None:
    """Canceled for failed payment, back with a new card two weeks later."""
    _core(life, 10)
    life.book.plan(_later(life, 6, hours=-1), _outcome(life, "cancel"))
    _again(life, _later(life, 6, 34), _price(life), 10)


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
