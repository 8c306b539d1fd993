"""What a new customer signs: plan, term, seats, discount."""

from dataclasses import dataclass
from random import Random

from demo import catalog
from demo.accounts import Account
from demo.catalog import CORE, PLANS, Coupon, Price, list_price
from demo.clock import DAY, day_date
from demo.streams import stream

# Plan weights and billing intervals by segment.
PLAN_MIX = {
    "SMB": (0.5, 0.95, 1.0),
    "Mid-Market": (0.1, 0.7, 1.0),
    "Enterprise": (0.0, 0.25, 1.0),
}
TERM_MIX = {
    "SMB": ((0.60, "month", 1), (0.70, "month", 3), (1.0, "year", 1)),
    "Mid-Market": (
        (0.20, "month", 1),
        (0.33, "month", 3),
        (0.36, "month", 6),
        (0.95, "year", 1),
        (1.0, "year", 2),
    ),
    "Enterprise": ((0.07, "month", 3), (0.84, "year", 1), (0.93, "year", 2), (1.0, "year", 3)),
}
REDUCTION = {"SMB": (0.0, 0.03), "Mid-Market": (0.05, 0.15), "Enterprise": (0.15, 0.2)}


@dataclass(slots=True)
class Offer:
    """What a new customer signs."""

    lines: list[tuple[Price, int]]
    trial_days: int
    lost: bool
    growth: float
    coupon: Coupon | None


def yearly_amount(lines: list[tuple[Price, int]]) -> float:
    """What some lines come to in a year, major units."""
    total = 0.0
    for price, quantity in lines:
        times = {"day": 365, "week": 52, "month": 12, "year": 1}[price.interval]
        minor = price.unit_amount * quantity * times / price.interval_count
        total += minor / 10 ** catalog.MINOR_DIGITS[price.currency]
    return round(total, 2)


def make(account: Account, seed: int) -> Offer:
    """What the account will sign: known to sales when it enters the CRM."""
    rng = stream(seed, "sign", account.index)
    draw = rng.random()
    plan = next(
        p for p, limit in zip(PLANS, PLAN_MIX[account.segment], strict=True) if draw < limit
    )
    draw = rng.random()
    interval, count = next((i, c) for limit, i, c in TERM_MIX[account.segment] if draw < limit)
    low, spread = REDUCTION[account.segment]
    reduction = low + spread * rng.random()
    seats = _seats(account, rng.random())
    year = day_date(account.start // DAY).year
    price = list_price(
        CORE, plan, account.currency, interval, count, year=year, reduction=reduction
    )
    lines = [(price, seats)]
    if plan == "Scale" and rng.random() < 0.35:
        add_on = list_price(
            catalog.INSIGHTS, "Insights", account.currency, interval, count, year=year
        )
        lines.append((add_on, seats))
    trial = 14 if account.segment == "SMB" and rng.random() < 0.3 else 0
    lost = trial > 0 and rng.random() < 0.2
    yearly = interval == "year" and count == 1
    growth = 0.12 + 0.15 * rng.random()
    ramped = yearly and account.segment == "Enterprise" and rng.random() < 0.35
    coupon = _coupon(rng, interval, price, seats)
    return Offer(lines, trial, lost, growth if ramped else 0.0, coupon)


def _seats(account: Account, draw: float) -> int:
    share = {"SMB": 0.25, "Mid-Market": 0.12, "Enterprise": 0.05}[account.segment]
    cap = {"SMB": 30, "Mid-Market": 120, "Enterprise": 320}[account.segment]
    return max(3, min(cap, round(account.employees * share * (0.5 + draw))))


def _coupon(rng: Random, interval: str, price: Price, seats: int) -> Coupon | None:
    draw = rng.random()
    if draw < 0.05:
        return catalog.coupon("once", percent=20)
    if draw < 0.11 and interval == "month":
        return catalog.coupon("repeating", percent=25, months=6)
    if draw < 0.11:
        return catalog.coupon("repeating", percent=15, months=12)
    if draw < 0.15:
        return catalog.coupon("forever", percent=7.5)
    if draw < 0.17:
        amount = max(1, price.unit_amount * seats // 20)
        return catalog.amount_coupon("forever", amount, price.currency)
    return None
