"""Time: unix seconds and day numbers in UTC, months counted from the first month of the demo."""

from datetime import date
from functools import lru_cache

DAY = 86_400
HOUR = 3_600
EPOCH = date(1970, 1, 1)
START = date(2023, 1, 1)
START_MONTH = START.year * 12 + START.month - 1
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


@lru_cache(maxsize=20_000)
def day_date(number: int) -> date:
    """The date of a day number."""
    return date.fromordinal(EPOCH.toordinal() + number)


def at(year: int, month: int, day: int, hour: int = 0) -> int:
    """Unix seconds of a UTC moment."""
    return day_number(date(year, month, day)) * DAY + hour * HOUR


def month_date(month: int) -> date:
    """First day of the month with this index (0 is the first month of the demo)."""
    total = START_MONTH + month
    return date(total // 12, total % 12 + 1, 1)


@lru_cache(maxsize=2_000)
def month_start(month: int) -> int:
    """Unix seconds at which the month starts."""
    return day_number(month_date(month)) * DAY


def moment_in(month: int, share: float) -> int:
    """The moment at which a share (0 to 1) of the month is over; never after its last hour."""
    start = month_start(month)
    return start + int(share * (month_start(month + 1) - start - HOUR))


@lru_cache(maxsize=20_000)
def _month_of_day(number: int) -> int:
    day = day_date(number)
    return day.year * 12 + day.month - 1 - START_MONTH


def month_of(ts: int) -> int:
    """Index of the month that contains a moment."""
    return _month_of_day(ts // DAY)


def month_index(day: date) -> int:
    """Index of the month that contains a date."""
    return day.year * 12 + day.month - 1 - START_MONTH


@lru_cache(maxsize=50_000)
def _shift(number: int, months: int, anchor: int) -> int:
    day = day_date(number)
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    leap = month == 1 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = LENGTHS[month] + leap
    return day_number(date(year, month + 1, min(anchor, last)))


def add_months(ts: int, months: int, anchor: int | None = None) -> int:
    """Move a moment by whole months, keeping the day of the month where it exists."""
    number, second = divmod(ts, DAY)
    return _shift(number, months, anchor or day_date(number).day) * DAY + second


@lru_cache(maxsize=20_000)
def _day_text(number: int) -> str:
    return day_date(number).isoformat()


def _moment(ts: int) -> str:
    day, second = divmod(ts, DAY)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{_day_text(day)}T{hour:02d}:{minute:02d}:{second:02d}"


def iso(ts: int | None) -> str:
    """ISO-8601 with milliseconds and Z, as Salesforce writes it; empty for none."""
    return "" if ts is None else f"{_moment(ts)}.000Z"


def iso_seconds(ts: int | None) -> str | None:
    """ISO-8601 with Z, as Zendesk writes it."""
    return None if ts is None else f"{_moment(ts)}Z"


def iso_day(ts: int | None) -> str:
    """The date of a moment; empty for none."""
    return "" if ts is None else _day_text(ts // DAY)
