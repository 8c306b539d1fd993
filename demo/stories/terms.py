"""How contracts are priced and billed: coupons, trials, intervals, notice."""

from collections.abc import Callable

from demo import catalog
from demo.billing import Subscription
from demo.book import REQUESTED
from demo.catalog import GUARD, INSIGHTS, Price
from demo.clock import DAY, HOUR, add_months, month_start
from demo.life import Life
from demo.records import Departure
from demo.stories.tools import (
    NO_USE,
    PRICE,
    again,
    later,
    price_of,
    sell,
    sell_core,
    story,
)


@story
def once_coupon(life: Life) -> None:
    """Half off the first invoice: no change of ARR."""
    sell_core(life, 10, coupon=catalog.coupon("once", percent=50))


@story
def forever_coupon(life: Life) -> None:
    """12.5 % off for ever."""
    sell_core(life, 21, "Growth", "year", coupon=catalog.coupon("forever", percent=12.5))


@story
def amount_coupon_repeating(life: Life) -> None:
    """A fixed amount off each of four invoices, on two items."""
    amount = catalog.local_amount(9_000, life.account.currency)
    off = catalog.amount_coupon("repeating", amount, life.account.currency, months=4)
    sell(
        life,
        (price_of(life), 12),
        (price_of(life, "Insights", product=INSIGHTS), 12),
        coupon=off,
    )


@story
def amount_coupon_forever(life: Life) -> None:
    """A fixed amount off per quarter, for ever; more than the price at first."""
    amount = catalog.local_amount(30_000, life.account.currency)
    off = catalog.amount_coupon("forever", amount, life.account.currency)
    sub = sell_core(life, 2, "Growth", "month", 3, coupon=off)
    life.book.plan(later(life, 4, 4), life.book.seats, sub, 9)


@story
def coupon_replaced(life: Life) -> None:
    """One coupon replaced by another, then removed."""
    sub = sell_core(life, 15, coupon=catalog.coupon("forever", percent=10))
    save = catalog.coupon("repeating", percent=30, months=3)
    life.book.plan(later(life, 8, 3), life.book.discount, sub, save)
    life.book.plan(
        later(life, 20, 3), life.book.discount, sub, catalog.coupon("forever", percent=5)
    )
    life.book.plan(later(life, 28, 3), life.book.discount, sub, None)


@story
def trial_converts(life: Life) -> None:
    """30 days of trial with a seat change in it, then paying."""
    sub = sell_core(life, 6, "Starter", trial_days=30)
    life.book.plan(later(life, 0, 12), life.book.seats, sub, 9)


@story
def trial_lost(life: Life) -> None:
    """Leaves at the end of the trial: never a customer."""
    sub = sell_core(life, 6, "Starter", trial_days=14)
    life.book.plan(later(life, 0, 9), life.book.cancel_at_end, sub, NO_USE)


@story
def trial_without_card(life: Life) -> None:
    """Stripe pauses the subscription at the end of the trial; a card comes 50 days later."""
    sub = sell_core(life, 6, "Starter", trial_days=14)
    life.book.no_card.add(sub.id)
    life.book.plan(later(life, 0, 64), life.book.card_added, sub)


@story
def weekly(life: Life) -> None:
    """Billed by the week for three months, then monthly."""
    sub = sell_core(life, 7, "Growth", "week")
    life.book.plan(later(life, 3), _switch(life, sub, price_of(life, "Growth"), 7))


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
    sub = sell_core(life, 5, "Growth", "day", ts=ts)
    life.book.plan(ts + 24 * DAY, _switch(life, sub, price_of(life, "Growth"), 5))


@story
def two_years_prepaid(life: Life) -> None:
    """Two years on one invoice."""
    sell_core(life, 60, "Scale", "year", 2, collection="send_invoice")


@story
def three_years_prepaid(life: Life) -> None:
    """Three years on one invoice, with more seats in the second."""
    sub = sell_core(life, 90, "Scale", "year", 3, collection="send_invoice")
    life.book.plan(later(life, 14, 3), life.book.seats, sub, 120)


@story
def half_yearly(life: Life) -> None:
    """Billed every six months."""
    sell_core(life, 26, "Growth", "month", 6)


@story
def quarterly(life: Life) -> None:
    """Billed every three months, with a change in between."""
    sub = sell_core(life, 26, "Growth", "month", 3)
    life.book.plan(later(life, 10, 11), life.book.seats, sub, 31)


@story
def renewed_by_new_contract(life: Life) -> None:
    """The term ends and a new subscription starts the same day: nothing lapses."""
    sub = sell_core(life, 28, "Growth", "year")
    price = price_of(life, "Growth", "year", year=2024)
    life.book.plan(later(life, 12) - HOUR, _switch(life, sub, price, 28))


@story
def back_within_the_month(life: Life) -> None:
    """Ends and returns between two month ends: no churn at month grain."""
    ts = month_start(0) + 4 * DAY + 9 * HOUR
    sub = sell_core(life, 12, ts=ts)
    life.book.plan(add_months(ts, 9) - 12 * DAY, life.book.cancel_at_end, sub, PRICE)
    again(life, add_months(ts, 9) + 14 * DAY, price_of(life), 12)


@story
def notice_taken_back(life: Life) -> None:
    """Gives notice and takes it back before the term ends."""
    sub = sell_core(life, 19, "Growth", "year")
    life.book.plan(later(life, 10), life.book.cancel_at_end, sub, PRICE)
    life.book.plan(later(life, 11, 5), life.book.keep, sub)


@story
def paused_then_left(life: Life) -> None:
    """Never comes back from a pause; churned in fact, contraction in the books."""
    sub = sell_core(life, 9)
    life.book.plan(later(life, 20, hours=-1), life.book.pause, sub)
    life.book.plan(later(life, 23, 6), lambda ts: life.book.end(ts, sub, reason=NO_USE))
    again(life, later(life, 29, 3), price_of(life, year=2025), 6)


@story
def pause_of_one(life: Life) -> None:
    """One of two subscriptions pauses in the middle of its period."""
    sell_core(life, 15)
    price = price_of(life, "Guard", product=GUARD)

    def second(ts: int) -> None:
        sub = life.book.start(ts, [(price, 15)])
        life.book.plan(later(life, 7, 13), life.book.pause, sub, later(life, 9, 13))
        life.book.plan(later(life, 9, 13), life.book.resume, sub)

    life.book.plan(later(life, 2), second)


@story
def canceled_at_once(life: Life) -> None:
    """Immediate cancellation in the middle of a yearly term, the rest refunded."""
    sub = sell_core(life, 17, "Growth", "year")
    ts = later(life, 18, 9)
    life.sour(ts)
    life.book.plan(ts, lambda when: life.book.end(when, sub, reason=NO_USE, refund=True))
    life.departures.append(Departure(ts, "Support", "Unhappy with response times", True))
