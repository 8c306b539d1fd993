"""What happens to contracts: changes, several of them, dates, payments."""

from demo import catalog
from demo.book import REQUESTED
from demo.catalog import CONNECT, CORE, GUARD, INSIGHTS
from demo.clock import DAY, HOUR, month_start
from demo.life import Life
from demo.records import Departure
from demo.stories.tools import (
    NO_USE,
    PRICE,
    again,
    later,
    leave,
    next_payment,
    price_of,
    sell_core,
    story,
)


@story
def plan_swap_new_item(life: Life) -> None:
    """The old item is removed and a new one added in the same change."""
    sub = sell_core(life, 12, "Growth", "year")
    dearer = price_of(life, "Scale", "year", year=2024)
    life.book.plan(
        later(life, 13, 6), lambda ts: life.book.swap(ts, sub, CORE, dearer, same_item=False)
    )


@story
def price_rise(life: Life) -> None:
    """Six per cent more at the renewal, and again in the middle of a term."""
    sub = sell_core(life, 15, "Growth", "year")
    dearer = price_of(life, "Growth", "year", year=2024)
    life.book.plan(later(life, 12, 2), lambda ts: life.book.swap(ts, sub, CORE, dearer))
    more = price_of(life, "Growth", "year", year=2025)
    life.book.plan(later(life, 27, 2), lambda ts: life.book.swap(ts, sub, CORE, more))


@story
def committed_and_metered(life: Life) -> None:
    """A committed minimum is ARR, calls above it are not."""
    sub = sell_core(life, 20)
    commitment = price_of(life, "Connect commitment", product=CONNECT)
    life.book.plan(later(life, 3, 2), lambda ts: life.book.add(ts, sub, commitment, 1))
    more = later(life, 18, 5)
    life.book.plan(
        more, lambda ts: life.book.swap(ts, sub, CONNECT, catalog.raised(commitment, 2, 2024))
    )


@story
def two_subscriptions(life: Life) -> None:
    """One of two subscriptions ends: contraction, not churn."""
    sell_core(life, 18, "Growth", "year")
    price = price_of(life, "Insights", product=INSIGHTS)

    def second(ts: int) -> None:
        sub = life.book.start(ts, [(price, 18)])
        leave(life, later(life, 15, 3), sub, PRICE, record=False)

    life.book.plan(later(life, 4), second)


@story
def two_customers(life: Life) -> None:
    """Two Stripe customers of one account, in two currencies."""
    sell_core(life, 10)
    other = "eur" if life.account.currency != "eur" else "usd"
    price = price_of(life, "Growth", "year", currency=other)
    life.book.plan(later(life, 8, 6), lambda ts: life.book.start(ts, [(price, 12)], customer=1))


@story
def add_on_and_back(life: Life) -> None:
    """Buys an add-on and drops it a year later."""
    sub = sell_core(life, 16)
    add_on = price_of(life, "Guard", product=GUARD)
    life.book.plan(later(life, 5, 8), lambda ts: life.book.add(ts, sub, add_on, 16))
    life.book.plan(later(life, 17, 4), lambda ts: life.book.drop(ts, sub, GUARD))


@story
def same_day(life: Life) -> None:
    """A subscription that starts and ends on one day, then a real one two months later."""
    ts = life.account.start
    sub = sell_core(life, 7, "Starter")
    life.book.plan(
        ts + 3 * HOUR,
        lambda when: life.book.end(
            when, sub, reason=(REQUESTED, "other", "Wrong plan"), refund=True
        ),
    )
    again(life, later(life, 2, 3), price_of(life, "Growth"), 7)


@story
def same_month(life: Life) -> None:
    """A subscription that starts and ends within one month."""
    ts = month_start(0) + 2 * DAY + 9 * HOUR
    sub = sell_core(life, 6, "Starter", ts=ts)
    life.book.plan(ts + 15 * DAY, lambda when: life.book.end(when, sub, reason=NO_USE, refund=True))


@story
def backdated_start(life: Life) -> None:
    """Entered weeks after it began, across a month end."""
    ts = month_start(2) + 9 * DAY + 14 * HOUR
    price = price_of(life, "Growth", "year")
    life.book.plan(
        ts, lambda when: life.book.start(when, [(price, 17)], start_date=when - 20 * DAY)
    )
    later = month_start(35) + 12 * DAY
    extra = price_of(life, "Guard", "year", product=GUARD, year=2025)
    life.book.plan(
        later, lambda when: life.book.start(when, [(extra, 17)], start_date=when - 25 * DAY)
    )


@story
def backdated_cancellation(life: Life) -> None:
    """Canceled in November with effect of October."""
    sub = sell_core(life, 13)
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
    sell_core(life, 14)
    life.book.plan(later(life, 5, hours=-1), next_payment(life, "recover"))
    life.book.plan(later(life, 16, hours=-1), next_payment(life, "recover"))


@story
def card_unpaid(life: Life) -> None:
    """Past due, then unpaid: churn while the subscription stays open."""
    sell_core(life, 8)
    life.book.plan(later(life, 17, hours=-1), next_payment(life, "unpaid"))
