"""What the demo company sells: products, plans, prices, coupons."""

import math
from dataclasses import dataclass
from functools import cache

from demo.clock import at
from demo.ids import token

CORE = "prod_Workspace"
INSIGHTS = "prod_Insights"
GUARD = "prod_Guard"
CONNECT = "prod_Connect"
SERVICES = "prod_Services"
PRODUCTS = {
    CORE: ("Workspace", True, at(2022, 6, 1)),
    INSIGHTS: ("Insights", False, at(2022, 6, 1)),
    GUARD: ("Guard", False, at(2023, 3, 1)),
    CONNECT: ("Connect", False, at(2022, 9, 1)),
    SERVICES: ("Services", False, at(2022, 6, 1)),
}
PLANS = ("Starter", "Growth", "Scale")
ADD_ONS = (INSIGHTS, GUARD, CONNECT)
# List price per month and unit in USD cents, 2023.
LIST_CENTS = {
    (CORE, "Starter"): 2_500,
    (CORE, "Growth"): 4_500,
    (CORE, "Scale"): 7_500,
    (INSIGHTS, "Insights"): 1_200,
    (GUARD, "Guard"): 900,
    (CONNECT, "Connect commitment"): 24_000,
}
# A local price list per currency in minor units per USD cent (JPY has no minor unit).
LOCAL = {"usd": 1.0, "eur": 0.92, "jpy": 1.35}
MINOR_DIGITS = {"usd": 2, "eur": 2, "jpy": 0}
# Months in an interval, and the discount for committing to it.
TERM = {
    ("day", 1): (1 / 30, 1.15),
    ("week", 1): (7 / 30, 1.1),
    ("month", 1): (1, 1.0),
    ("month", 3): (3, 0.96),
    ("month", 6): (6, 0.93),
    ("year", 1): (12, 0.87),
    ("year", 2): (24, 0.82),
    ("year", 3): (36, 0.78),
}


@dataclass(frozen=True, slots=True)
class Price:
    """A Stripe price. ``unit_amount`` is in minor units; metered prices may be finer."""

    id: str
    product: str
    nickname: str
    currency: str
    unit_amount: int | None
    unit_amount_decimal: str
    interval: str | None
    interval_count: int
    usage_type: str
    created: int

    @property
    def recurring(self) -> bool:
        """Whether the price can be part of a subscription."""
        return self.interval is not None

    @property
    def licensed(self) -> bool:
        """Whether it is paid per unit up front."""
        return self.recurring and self.usage_type == "licensed"


@dataclass(frozen=True, slots=True)
class Coupon:
    """A Stripe coupon; exactly one of percent and amount is set."""

    id: str
    duration: str
    months: int | None = None
    percent_off: float | None = None
    amount_off: int | None = None
    currency: str | None = None


def version_start(year: int) -> int:
    """When the price list of a year was created."""
    return at(2022, 12, 1) if year <= 2023 else at(year, 1, 1)


@cache
def price(
    product: str,
    nickname: str,
    currency: str,
    term: tuple[str, int],
    *,
    unit_amount: int,
    year: int,
) -> Price:
    """A licensed price; the term is an interval and how many of it."""
    interval, count = term
    key = f"{product}|{nickname}|{currency}|{interval}|{count}|{unit_amount}|{year}"
    return Price(
        id="price_" + token("price", 16, *key.encode()),
        product=product,
        nickname=nickname,
        currency=currency,
        unit_amount=unit_amount,
        unit_amount_decimal=str(unit_amount),
        interval=interval,
        interval_count=count,
        usage_type="licensed",
        created=version_start(year),
    )


def raised(old: Price, factor: float, year: int) -> Price:
    """The same price for more money."""
    return price(
        old.product,
        old.nickname,
        old.currency,
        (old.interval, old.interval_count),
        unit_amount=math.ceil(old.unit_amount * factor),
        year=year,
    )


@cache
def metered(currency: str, interval: str, count: int) -> Price:
    """Calls above the Connect commitment, a fraction of a cent each."""
    rate = {"usd": "0.4", "eur": "0.375", "jpy": "0.55"}[currency]
    return Price(
        id="price_" + token("metered", 16, *f"{currency}{interval}{count}".encode()),
        product=CONNECT,
        nickname="Connect calls",
        currency=currency,
        unit_amount=None,
        unit_amount_decimal=rate,
        interval=interval,
        interval_count=count,
        usage_type="metered",
        created=version_start(2023),
    )


@cache
def one_time(nickname: str, currency: str, unit_amount: int) -> Price:
    """A fee or a service that is invoiced once."""
    key = f"{nickname}|{currency}|{unit_amount}"
    return Price(
        id="price_" + token("one_time", 16, *key.encode()),
        product=SERVICES,
        nickname=nickname,
        currency=currency,
        unit_amount=unit_amount,
        unit_amount_decimal=str(unit_amount),
        interval=None,
        interval_count=1,
        usage_type="licensed",
        created=version_start(2023),
    )


def local_amount(cents: float, currency: str) -> int:
    """An amount in US cents in the minor unit of another currency, as a price list would round."""
    amount = cents * LOCAL[currency]
    step = 1 if amount < 2_000 else 10
    return max(1, round(amount / step) * step)


def list_price(
    product: str,
    plan: str,
    currency: str,
    interval: str,
    count: int,
    *,
    year: int,
    reduction: float = 0.0,
) -> Price:
    """The price of a plan in the list of a year, after a negotiated reduction (0 to 1)."""
    months, factor = TERM[(interval, count)]
    cents = LIST_CENTS[(product, plan)] * months * factor * 1.05 ** (year - 2023)
    amount = local_amount(cents * (1 - reduction), currency)
    return price(product, plan, currency, (interval, count), unit_amount=amount, year=year)


def coupon(duration: str, *, percent: float | None = None, months: int | None = None) -> Coupon:
    """A percentage coupon."""
    name = f"{duration}-{percent:g}".replace(".", "_")
    return Coupon(
        id=f"{name}-{months}m" if months else name,
        duration=duration,
        months=months,
        percent_off=percent,
    )


def amount_coupon(
    duration: str, amount: int, currency: str, *, months: int | None = None
) -> Coupon:
    """A coupon over a fixed amount per billing interval, in minor units."""
    name = f"{duration}-{currency}{amount}"
    return Coupon(
        id=f"{name}-{months}m" if months else name,
        duration=duration,
        months=months,
        amount_off=amount,
        currency=currency,
    )
