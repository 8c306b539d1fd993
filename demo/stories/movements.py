"""The main movements: also in a small company."""

from demo import catalog
from demo.accounts import account_id
from demo.billing import Item
from demo.catalog import CORE
from demo.clock import DAY, at
from demo.life import Life
from demo.names import FREE_MAIL
from demo.records import Departure
from demo.stories.tools import (
    PRICE,
    again,
    later,
    leave,
    next_payment,
    price_of,
    sell,
    sell_core,
    story,
    unmatched,
)


@story
def pause_and_resume(life: Life) -> None:
    """Paused over two month ends, then back."""
    sub = sell_core(life, 14)
    life.book.plan(later(life, 6, hours=-1), life.book.pause, sub, later(life, 8, hours=-1))
    life.book.plan(later(life, 8, hours=-1), life.book.resume, sub)


@story
def reactivated(life: Life) -> None:
    """Leaves, and comes back more than 90 days later with a new subscription."""
    sub = sell_core(life, 9)
    leave(life, later(life, 7, 4), sub)
    again(life, later(life, 13), price_of(life, year=2024), 12)


@story
def late_renewal(life: Life) -> None:
    """The yearly contract lapses; a new one is signed 40 days later."""
    sub = sell_core(life, 22, "Growth", "year")
    leave(life, later(life, 11), sub, PRICE)
    again(life, later(life, 12, 40), price_of(life, "Growth", "year", year=2024), 24)


@story
def seats_up_and_down(life: Life) -> None:
    """Seats change in the middle of a yearly term, twice."""
    sub = sell_core(life, 30, "Growth", "year")
    life.book.plan(later(life, 4, 10), life.book.seats, sub, 45)
    life.book.plan(later(life, 15, 3), life.book.seats, sub, 33)


@story
def card_fails_for_good(life: Life) -> None:
    """Involuntary churn: four failed attempts, then canceled."""
    sell_core(life, 11)
    life.book.plan(later(life, 9, hours=-1), next_payment(life, "cancel"))
    life.departures.append(Departure(later(life, 9, 16), "Payment failure", "Card expired", True))


@story
def repeating_coupon(life: Life) -> None:
    """25 % off for six months; its end is expansion without any event."""
    sell_core(life, 16, coupon=catalog.coupon("repeating", percent=25, months=6))


@story
def merged_away(life: Life) -> None:
    """Merged into the next account in the CRM; its billing goes on."""
    account = life.account
    account.merged_into = account.index + 1
    account.merged_at = at(2024, 5, 14, 10)
    account.change(account.merged_at, "MasterRecordId", None, account_id(account.index + 1))
    sell_core(life, 18, "Growth", "month")


@story
def merge_survivor(life: Life) -> None:
    """Takes the account before it over."""
    sell_core(life, 25, "Growth", "year")


@story
def free_mail(life: Life) -> None:
    """Pays with a private address; no CRM account fits."""
    unmatched(life, FREE_MAIL[life.account.index % len(FREE_MAIL)])
    sub = sell_core(life, 5, "Starter")
    life.book.plan(later(life, 10, 5), life.book.seats, sub, 8)


@story
def ramp(life: Life) -> None:
    """Three yearly phases on one subscription: 40, 55, 70 seats, the last at a higher price."""
    price = price_of(life, "Scale", "year", reduction=0.2)
    sub = sell(life, (price, 40), collection="send_invoice")
    dearer = price_of(life, "Scale", "year", year=2025, reduction=0.2)
    item = sub.now.items[0]
    life.book.next_items[sub.id] = [
        (later(life, 12) - DAY, (Item(item.id, price, 55, item.created),)),
        (later(life, 24) - DAY, (Item(item.id, dearer, 70, item.created),)),
    ]


@story
def plan_swap(life: Life) -> None:
    """Starter to Growth on the same subscription item."""
    sub = sell_core(life, 12, "Starter")
    dearer = price_of(life, "Growth", year=2024)
    life.book.plan(
        later(life, 14, 9), lambda ts: life.book.swap(ts, sub, CORE, dearer, same_item=True)
    )


@story
def cancel_at_period_end(life: Life) -> None:
    """Asks to leave seven weeks before the term ends."""
    sub = sell_core(life, 20, "Growth", "year")
    leave(life, later(life, 22, 10), sub, PRICE)
