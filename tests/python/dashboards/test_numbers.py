"""Numbers as people read them lose no sign, no size, and never turn what is unknown into 0."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import numbers

SCALES = {"": 1, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0"),
        (0.4, "0"),
        (-0.4, "0"),
        (950, "950"),
        (999.4, "999"),
        (999.6, "1.00 K"),
        (1_829.64, "1.83 K"),
        (9_995, "10.0 K"),
        (92_607.89, "92.6 K"),
        (999_960, "1.00 M"),
        (7_085_079, "7.09 M"),
        (-7_085_079, "\N{MINUS SIGN}7.09 M"),
        (827_799_340_000, "827.8 B"),
        (12e12, "12.0 T"),
    ],
)
def test_an_amount_has_three_or_four_digits(amount, shown):
    assert numbers.money(amount).replace("\N{NO-BREAK SPACE}", " ") == shown


@given(st.floats(-9e14, 9e14, allow_nan=False))
def test_an_amount_can_be_read_back(amount):
    shown = numbers.money(amount, is_change=True)
    digits, _, letter = shown.partition("\N{NO-BREAK SPACE}")
    read = float(digits.replace(numbers.MINUS, "-").replace(",", "")) * SCALES[letter]
    assert abs(read - amount) <= max(0.006 * abs(amount), 0.51)
    assert shown.startswith("+") == (read > 0)


@given(st.floats(-5, 5, allow_nan=False))
def test_a_share_can_be_read_back(share):
    shown = numbers.percent(share).split("\N{NO-BREAK SPACE}")[0].replace(numbers.MINUS, "-")
    assert abs(float(shown) / 100 - share) <= 0.000501
    assert "-0.0" not in shown


def test_what_is_not_known_is_said_to_be():
    known = (numbers.money, numbers.percent, numbers.points, numbers.count, numbers.score)
    for shown in (*known, numbers.level):
        assert shown(None) == "not known"
    assert numbers.day(None) == numbers.month(None) == numbers.text(None) == "not known"
    assert numbers.text(" ") == "not known"


def test_a_change_says_its_direction():
    assert numbers.money(
        92_607.89, "USD", is_change=True
    ) == "+92.6\N{NO-BREAK SPACE}K USD".replace(" ", "\N{NO-BREAK SPACE}")
    assert numbers.things(1, "account") == "1 account"
    assert numbers.things(0, "account") == "0 accounts"
    assert numbers.count(3, is_change=True) == "+3"
    assert numbers.count(-3) == "\N{MINUS SIGN}3"
    assert numbers.points(-0.0123) == "\N{MINUS SIGN}1.2\N{NO-BREAK SPACE}pp"
    assert numbers.points(0.0001) == "0.0\N{NO-BREAK SPACE}pp"
    assert numbers.level(-12.34) == "\N{MINUS SIGN}12.3"
    assert numbers.level(-0.04) == "0.0"
    assert numbers.month(date(2025, 12, 1)) == "Dec 2025"
