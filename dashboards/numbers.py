"""Numbers and days as people read them. What is null is "not known", never 0."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

Number = int | float | Decimal
UNKNOWN = "not known"
MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def money(amount: Number | None, currency: str = "", *, is_change: bool = False) -> str:
    """Return an amount with three or four digits: 7.09 M USD, 827.8 K, +950.

    Args:
        amount: In units of the currency.
        currency: Its code, if it is to be written.
        is_change: Whether a plus is written.
    """
    if amount is None:
        return UNKNOWN
    size = abs(float(amount))
    text = f"{size:,.0f}"
    for scale, letter in SCALES:
        # What rounds to a thousand of a letter is one of the next.
        if size >= scale * 0.99995 or (scale == SCALES[-1][0] and text == "1,000"):
            digits = 2 if size < 9.995 * scale else 1
            text = f"{size / scale:,.{digits}f}{SPACE}{letter}"
            break
    is_nothing = not text.strip("0.,")
    sign = "" if is_nothing else MINUS if amount < 0 else "+" if is_change else ""
    return f"{sign}{text}{SPACE}{currency}".rstrip(SPACE)


def percent(share: Number | None) -> str:
    """Return a share of 1 in per cent, with one decimal."""
    if share is None:
        return UNKNOWN
    text = f"{abs(float(share)) * 100:.1f}"
    sign = MINUS if share < 0 and text.strip("0.") else ""
    return f"{sign}{text}{SPACE}%"


def points(change: Number | None) -> str:
    """Return the change of a share in percentage points."""
    if change is None:
        return UNKNOWN
    text = f"{abs(float(change)) * 100:.1f}"
    sign = "" if not text.strip("0.") else MINUS if change < 0 else "+"
    return f"{sign}{text}{SPACE}pp"


def count(number: Number | None, *, is_change: bool = False) -> str:
    """Return a whole number."""
    if number is None:
        return UNKNOWN
    sign = MINUS if number < 0 else "+" if is_change and number > 0 else ""
    return f"{sign}{abs(int(number)):,}"


def change(amount: Number | None) -> str:
    """Return by how much an amount has moved."""
    return money(amount, is_change=True)


def words(value: str | None) -> str:
    """Return a name of the tables in words: not_paid is not paid."""
    return text(value).replace("_", " ")


def yes(value: bool | None) -> str:
    """Return yes or no."""
    return UNKNOWN if value is None else "yes" if value else "no"


def things(number: int, thing: str) -> str:
    """Return how many of a thing there are: 1 account, 2 accounts."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def score(value: Number | None) -> str:
    """Return a score of 0 to 100."""
    return UNKNOWN if value is None else f"{float(value):.0f}"


def level(value: Number | None) -> str:
    """Return points of a scale that goes below 0, as NPS does, with one decimal."""
    if value is None:
        return UNKNOWN
    text = f"{abs(float(value)):.1f}"
    return f"{MINUS if value < 0 and text.strip('0.') else ''}{text}"


def day(value: date | None) -> str:
    """Return a day."""
    return UNKNOWN if value is None else value.isoformat()


def month(value: date | None) -> str:
    """Return a month: Dec 2025."""
    return UNKNOWN if value is None else f"{value:%b %Y}"


def text(value: str | None) -> str:
    """Return a text, or that it is not known."""
    return UNKNOWN if value is None or not value.strip() else value
