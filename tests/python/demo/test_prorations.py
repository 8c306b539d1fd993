"""What a change in the middle of a billing period is credited and charged."""

import pytest

from demo import accounts, catalog
from demo.book import Book
from demo.catalog import CORE, list_price
from demo.clock import DAY, at
from demo.invoicing import Line, unused_share

START = at(2023, 4, 1)


@pytest.fixture
def book():
    account = accounts.make(3, seed=1, scale=1.0, story="")
    account.currency = "usd"
    return Book(account, 1)


def sell(book, duration, percent):
    price = list_price(CORE, "Growth", "usd", "month", 1, year=2023)
    coupon = catalog.coupon(
        duration, percent=percent, months=6 if duration == "repeating" else None
    )
    return book.start(START, [(price, 10)], coupon=coupon), price.unit_amount


def proration(book, ts, sub, seats):
    book.run(ts)
    book.seats(ts, sub, seats)
    credit, charge = book.invoices[-1].lines
    assert credit.proration
    assert charge.proration
    return credit.amount, charge.amount


def test_time_of_the_period_that_a_once_coupon_lowered_is_credited_at_what_was_paid(book):
    sub, unit = sell(book, "once", 50)
    left = 20 / 30
    credit, charge = proration(book, START + 10 * DAY, sub, 12)
    assert credit == -round(10 * unit * left * 0.5)
    assert charge == round(12 * unit * left)


def test_what_was_changed_in_the_period_is_credited_at_what_the_change_was_billed_at(book):
    sub, unit = sell(book, "once", 50)
    proration(book, START + 10 * DAY, sub, 12)
    left = 10 / 30
    credit, charge = proration(book, START + 20 * DAY, sub, 15)
    assert credit == -round(12 * unit * left)
    assert charge == round(15 * unit * left)


def test_a_once_coupon_that_was_used_lowers_nothing_later(book):
    sub, unit = sell(book, "once", 50)
    left = 21 / 31
    credit, charge = proration(book, at(2023, 5, 11), sub, 12)
    assert credit == -round(10 * unit * left)
    assert charge == round(12 * unit * left)
    book.run(at(2023, 6, 2))
    assert book.invoices[-1].lines[0].discount == 0


def test_a_running_coupon_lowers_both_sides(book):
    sub, unit = sell(book, "repeating", 25)
    left = 21 / 31
    credit, charge = proration(book, at(2023, 5, 11), sub, 12)
    assert credit == -round(10 * unit * left * 0.75)
    assert charge == round(12 * unit * left * 0.75)


def test_unused_time_is_refunded_from_the_invoices_that_took_it(book):
    sub, _ = sell(book, "forever", 10)
    book.run(at(2023, 6, 5))
    first, second, third = book.invoices[:3]
    for invoice in (first, second, third):
        invoice.paid_at = invoice.created
    book.end(at(2023, 6, 5), sub, reason=(None, None, None), ended_at=at(2023, 5, 17), refund=True)
    assert first.refund == 0
    assert second.refund == round(second.total * 15 / 31)
    assert third.refund == third.total


def test_what_was_sold_once_is_not_refunded(book):
    sell(book, "forever", 10)
    invoice = book.invoices[0]
    before = unused_share(invoice, START + 15 * DAY)
    fee = catalog.one_time("Training day", "usd", 50_000)
    invoice.lines.append(Line(50_000, "Training day", START, START, fee))
    assert before == round(10 * 4_500 * 0.9 / 2)
    assert unused_share(invoice, START + 15 * DAY) == pytest.approx(before, abs=1)
