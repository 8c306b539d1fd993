"""What each contract line was worth on each day, from the simulator's own states.

Exact decimals, rounded half away from zero at each named step. No export is read here.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from demo.billing import Discount, Item, State, Subscription
from demo.catalog import MINOR_DIGITS
from demo.clock import DAY

FACTOR = {"year": 1, "month": 12, "week": 52, "day": 365}
FOUR = Decimal("0.0001")
CENT = Decimal("0.01")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Level:
    """One line from a day on: its ARR in cents and what made it so."""

    day: int
    cents: int
    tag: str
    item: Item
    discount: Discount | None = None
    leads: bool = False


@dataclass(slots=True)
class LineHistory:
    """One subscription item through time."""

    item: str
    product: str
    subscription: int
    customer: str
    levels: list[Level]
    pauses: list[tuple[int, int | None]]
    rate: Decimal


def _round(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, rounding=ROUND_HALF_UP)


def gross_interval(item: Item) -> Decimal:
    """Price times quantity for one billing interval, major units."""
    unit = Decimal(item.price.unit_amount).scaleb(-MINOR_DIGITS[item.price.currency])
    return _round(_round(unit, FOUR) * item.quantity, FOUR)


def line_cents(item: Item, discount: Discount | None, *, leads: bool, rate: Decimal) -> int:
    """ARR of a line in cents of the reporting currency."""
    price = item.price
    if not price.licensed:
        return 0
    net = gross_interval(item)
    if discount is not None and discount.coupon.duration != "once":
        coupon = discount.coupon
        if coupon.percent_off is not None:
            net = _round(net * (1 - Decimal(str(coupon.percent_off)) / 100), FOUR)
        elif leads:
            net -= Decimal(coupon.amount_off).scaleb(-MINOR_DIGITS[price.currency])
        net = max(net, ZERO)
    local = _round(net * FACTOR[price.interval] / price.interval_count, FOUR)
    return int(_round(local * rate, CENT) * 100)


def _leader(items: tuple[Item, ...]) -> str | None:
    """The item that takes a fixed-amount discount."""
    best: tuple[Decimal, str] | None = None
    for item in items:
        if item.price.licensed:
            yearly = gross_interval(item) * FACTOR[item.price.interval] / item.price.interval_count
            if best is None or (-yearly, item.id) < best:
                best = (-yearly, item.id)
    return best[1] if best else None


def _spans(states: list[State], start_date: int) -> list[tuple[int, int | None, State]]:
    """Days on which each state is the last one of the day."""
    over = _end(states)
    starts = [start_date // DAY] + [state.at // DAY for state in states[1:]]
    spans = []
    for number, state in enumerate(states):
        if state.kind == "deleted":
            break
        first = starts[number]
        until = starts[number + 1] if number + 1 < len(states) else None
        if over is not None:
            until = over if until is None else min(until, over)
        if until is None or first < until:
            spans.append((first, until, state))
    return spans


def _tag(state: State, line: LineHistory) -> str:
    """A pause stops ARR; what never had any, like a trial without a card, is only off."""
    if state.paused or state.status == "paused":
        return "paused" if any(level.cents for level in line.levels) else "off"
    return "on" if state.status in ("active", "past_due") else "off"


def histories(sub: Subscription, cut: int, rates: dict[str, Decimal]) -> list[LineHistory]:
    """The lines of a subscription as known before a moment, day by day where they change."""
    states = sub.known(cut)
    if not states:
        return []
    lines: dict[str, LineHistory] = {}
    over = _end(states)
    for first, until, state in _spans(states, sub.start_date):
        present = {item.id for item in state.items}
        for item in state.items:
            if item.id not in lines:
                lines[item.id] = LineHistory(
                    item.id,
                    item.price.product,
                    sub.number,
                    sub.customer,
                    levels=[],
                    pauses=[],
                    rate=rates[sub.currency],
                )
        for day in _edges(state, first, until):
            if day * DAY < cut:
                _add_levels(lines, state, day)
        for line in lines.values():
            if line.item not in present and line.levels[-1].tag != "off":
                _switch_off(line, first)
            if line.item in present and line.levels and line.levels[-1].tag == "paused":
                line.pauses.append((first, until))
            if until is not None and until == over:
                _switch_off(line, until)
    return list(lines.values())


def _edges(state: State, first: int, until: int | None) -> list[int]:
    """The first day of a state, and the days within it on which its discount begins or ends."""
    days = [first]
    if state.discount is not None:
        for edge in (state.discount.start, state.discount.end):
            day = edge // DAY if edge is not None else first
            if first < day and (until is None or day < until):
                days.append(day)
    return days


def _add_levels(lines: dict[str, LineHistory], state: State, day: int) -> None:
    """What each item of a state is worth from a day on."""
    discount = _in_force(state.discount, day)
    leader = _leader(state.items) if discount is not None else None
    for item in state.items:
        line = lines[item.id]
        cents, leads, tag = 0, item.id == leader, _tag(state, line)
        if tag == "on":
            cents = line_cents(item, discount, leads=leads, rate=line.rate)
        line.levels.append(Level(day, cents, tag, item, discount, leads))


def _switch_off(line: LineHistory, day: int) -> None:
    line.levels.append(Level(day, 0, "off", line.levels[-1].item))


def _end(states: list[State]) -> int | None:
    last = states[-1]
    return last.ended_at // DAY if last.kind == "deleted" else None


def _in_force(discount: Discount | None, day: int) -> Discount | None:
    if discount is None or day < discount.start // DAY:
        return None
    if discount.end is not None and day >= discount.end // DAY:
        return None
    return discount
