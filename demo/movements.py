"""Movements of single lines, from the same line histories as the truth.

Two files come from one rule: what changed from day to day, and what changed from one month end
to the next (`truth/month_movement.parquet`), which is how the metric definitions count.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from demo import truth
from demo.arr import Level, LineHistory, line_cents
from demo.billing import Item
from demo.clock import DAY, day_date, month_date

LATE_RENEWAL_DAYS = 90
OWN_CLASS = ("new", "churn", "reactivation")


@dataclass(slots=True)
class Held:
    """A line and the days on which it belonged to an account."""

    line: LineHistory
    start: int | None
    stop: int | None
    came_from: str | None = None
    days: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The days on which something about the line changes."""
        self.days = [level.day for level in self.line.levels]

    def at(self, day: int) -> Level | None:
        """What the line was at the end of a day."""
        found = bisect_right(self.days, day)
        return self.line.levels[found - 1] if found else None

    def on(self, day: int) -> bool:
        """Whether the account had the line at the end of a day."""
        return (self.start is None or self.start <= day) and (self.stop is None or day < self.stop)

    def paused(self, day: int) -> bool:
        """Whether the line was paused at the end of a day."""
        return any(a <= day and (b is None or day < b) for a, b in self.line.pauses)


@dataclass(slots=True)
class Change:
    """A line between two days, both seen at their end."""

    held: Held
    before: Level | None
    after: Level | None

    @property
    def was(self) -> int:
        """ARR at the opening, in cents."""
        return self.before.cents if self.before else 0

    @property
    def now(self) -> int:
        """ARR at the close, in cents."""
        return self.after.cents if self.after else 0

    @property
    def was_paused(self) -> bool:
        """Whether it opens paused."""
        return self.before is not None and self.before.tag == "paused"

    @property
    def is_paused(self) -> bool:
        """Whether it closes paused."""
        return self.after is not None and self.after.tag == "paused"

    @property
    def starts(self) -> bool:
        """ARR from nothing."""
        return not self.was and not self.was_paused and bool(self.now)

    @property
    def stops(self) -> bool:
        """ARR, paused or not, to nothing."""
        return bool(self.was or self.was_paused) and not self.now and not self.is_paused


def _value(line: LineHistory, item: Item, terms: Level, *, discounted: bool = True) -> int:
    """ARR of an item under the discount of a level."""
    discount = terms.discount if discounted else None
    return line_cents(item, discount, leads=terms.leads, rate=line.rate)


def _parts(change: Change) -> list[tuple[str, int]]:
    """The way of a running line from opening to close: one thing changes after the other.

    Seats at the old price, then price or plan, then what ran out, then other discounts. No
    subscription of this company changes its billing interval.
    """
    line, before, after = change.held.line, change.before, change.after
    old, new = before.item, after.item
    seats = Item(old.id, old.price, new.quantity, old.created)
    steps = [("resume", _value(line, old, before) if change.was_paused else before.cents)]
    steps.append(("seats", _value(line, seats, before)))
    steps.append((_price_or_plan(old, new), _value(line, new, before)))
    expired = _ran_out(change)
    steps.append(("discount_expiry", _value(line, new, before, discounted=not expired)))
    steps.append(("discount", after.cents))
    parts, last = [], before.cents
    for kind, cents in steps:
        parts.append((kind, cents - last))
        last = cents
    return parts


def _ran_out(change: Change) -> bool:
    """Whether the discount of the opening came to its own end, and was not taken away before."""
    discount = change.before.discount
    if discount is None or discount.end is None:
        return False
    levels = change.held.line.levels
    first = next(n for n, level in enumerate(levels) if level is change.before)
    for level in levels[first + 1 :]:
        if level.day > change.after.day:
            return False
        if level.discount is None or level.discount.id != discount.id:
            return level.day >= discount.end // DAY
    return False


def _price_or_plan(old: Item, new: Item) -> str:
    same = (old.price.nickname, old.price.interval, old.price.interval_count) == (
        new.price.nickname,
        new.price.interval,
        new.price.interval_count,
    )
    return "price" if same else "plan"


def _causes(change: Change, group: list[Change]) -> list[tuple[str, int]]:
    """Why a line changed, in the eyes of the account that has all the lines of a group."""
    if change.now and (change.was or change.was_paused):
        return _parts(change)
    delta = change.now - change.was
    if change.is_paused:
        return [("pause", delta)]
    product = change.held.line.product
    others = [o for o in group if o is not change and o.held.line.product == product]
    if change.starts:
        gone = [o for o in others if o.stops]
        if any(not o.was_paused for o in gone):
            return [("plan", delta)]
        if gone:
            return [("resume", delta)]
    elif any(o.starts for o in others):
        return [("plan", delta)]
    more = any((o.now or o.is_paused) and not o.starts for o in others)
    return [("seats" if more else "cross_sell", delta)]


def holdings(
    facts: list[truth.AccountFacts], owner_of: dict[int, truth.Owner]
) -> dict[str, list[Held]]:
    """The lines of each account, those that a merge brings or takes away among them."""
    result: dict[str, list[Held]] = defaultdict(list)
    for fact in facts:
        owner = owner_of[fact.account.index]
        for line in fact.lines:
            result[owner.first].append(Held(line, None, owner.day))
            if owner.second is not None:
                result[owner.second].append(Held(line, owner.day, None, owner.first))
    return result


@dataclass(slots=True)
class Row:
    """A movement of a line."""

    account: str
    item: str
    closing: int
    effective: int
    subtype: str
    cents: int


def _days(lines: list[Held]) -> list[int]:
    """The days on which something about the account changes."""
    days = {day for held in lines for day in held.days if held.on(day)}
    return sorted(days | {held.start for held in lines if held.start is not None})


def _of_account(
    account: str, lines: list[Held], periods: list[tuple[int, int]], paid: list[tuple]
) -> Iterator[Row]:
    """The movements of an account over the periods in which something changed."""
    ever = False
    for opening_day, closing_day in periods:
        group = [
            Change(held, held.at(opening_day), held.at(closing_day))
            for held in lines
            if held.on(closing_day)
        ]
        for change in group:
            held = change.held
            if held.start is not None and opening_day < held.start and change.was:
                item = held.line.item
                yield Row(held.came_from, item, closing_day, held.start, "transfer", -change.was)
                yield Row(account, item, closing_day, held.start, "transfer", change.was)
        base = sum(change.was for change in group)
        closing = sum(change.now for change in group)
        movement = truth.classify(
            base,
            closing,
            ever=ever,
            paused_before=any(h.on(opening_day) and h.paused(opening_day) for h in lines),
            paused_now=any(h.on(closing_day) and h.paused(closing_day) for h in lines),
        )
        if movement == "reactivation" and _gap(paid, opening_day) <= LATE_RENEWAL_DAYS:
            movement = "late_renewal"
        own = movement if movement in (*OWN_CLASS, "late_renewal") else None
        for change in group:
            if change.was == change.now and not (change.was and _parts(change)):
                continue
            sums: dict[str, int] = defaultdict(int)
            for kind, cents in _causes(change, group):
                sums[own or kind] += cents
            for kind, cents in sums.items():
                if cents:
                    day = _effective(change.held, closing_day)
                    yield Row(account, change.held.line.item, closing_day, day, kind, cents)
        ever = ever or base > 0 or closing > 0


def _gap(paid: list[tuple[int, int | None]], opening_day: int) -> int:
    """Days without service before an account came back after a day."""
    last = max(stop for _, stop in paid if stop is not None and stop <= opening_day)
    return min(start for start, _ in paid if start > opening_day) - last


def _effective(held: Held, closing_day: int) -> int:
    """The day since which nothing that makes the ARR of the line differs."""
    found = bisect_right(held.days, closing_day) - 1
    levels = held.line.levels
    while found and _terms(levels[found - 1]) == _terms(levels[found]):
        found -= 1
    day = levels[found].day
    return day if held.start is None else max(day, held.start)


def _terms(level: Level) -> tuple:
    discount = level.discount
    off: tuple = ()
    if discount is not None and discount.coupon.duration != "once":
        amount = discount.coupon.amount_off if level.leads else None
        off = (discount.coupon.percent_off, amount)
    price = level.item.price
    terms = (price.product, price.nickname, price.unit_amount, level.item.quantity)
    return (level.cents, level.tag == "paused", terms, off if any(off) else ())


def _table(rows: list[Row], month_of_day: dict[int, int] | None = None) -> pa.Table:
    columns = {
        "account_id": [row.account for row in rows],
        "subscription_item_id": [row.item for row in rows],
        "effective_on": [day_date(row.effective) for row in rows],
        "subtype": [row.subtype for row in rows],
        "arr_delta": [row.cents for row in rows],
    }
    schema = {
        "account_id": pa.string(),
        "subscription_item_id": pa.string(),
        "effective_on": pa.date32(),
        "subtype": pa.string(),
        "arr_delta": truth.MONEY,
    }
    if month_of_day is not None:
        columns["month"] = [month_date(month_of_day[row.closing]) for row in rows]
        schema["month"] = pa.date32()
    return truth.table(columns, schema)


def tables(
    facts: list[truth.AccountFacts], owner_of: dict[int, truth.Owner], closing: list[int]
) -> dict[str, pa.Table]:
    """Movements from day to day, and from each closing day to the next."""
    paid: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
    for fact in facts:
        for line in fact.lines:
            for span in truth.intervals(line, owner_of[fact.account.index]):
                paid[span.account].append((span.start, span.stop))
    daily: list[Row] = []
    monthly: list[Row] = []
    for account, lines in sorted(holdings(facts, owner_of).items()):
        days = _days(lines)
        periods = [(day - 1, day) for day in days]
        daily += _of_account(account, lines, periods, paid[account])
        numbers = sorted({bisect_left(closing, day) for day in days if day <= closing[-1]})
        ends = [(closing[n - 1] if n else closing[0] - 31, closing[n]) for n in numbers]
        monthly += _of_account(account, lines, ends, paid[account])
    return {
        "line_movement": _table(daily),
        "month_movement": _table(monthly, {day: n for n, day in enumerate(closing)}),
    }
