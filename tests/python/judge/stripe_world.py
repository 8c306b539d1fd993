"""What a life of a Stripe subscription is made of: prices, coupons, states, bills.

Written from Stripe's documentation (currencies, tiered pricing, coupons, prorations, subscription
statuses) and from nothing else. All money is in minor units of the API, as Stripe sends it.
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

DAY = 86_400

# docs.stripe.com/currencies. UGX and ISK have no minor unit in law and two decimals in the API
# ("special cases"); HUF and TWD have two decimals in charges.
ZERO_DECIMAL = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


def digits(currency: str) -> int:
    """How many decimals an amount of the API has."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def whole(amount: Decimal) -> int:
    """An amount as a bill has it: whole minor units, halves away from zero."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def moment(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, tz=UTC)


def told(stamp: int) -> str:
    """A time as a story tells it."""
    return moment(stamp).strftime("%Y-%m-%d %H:%M:%S")


def later(anchor: int, interval: str, count: int) -> int:
    """The anchor and so many intervals; a day that a month lacks is its last one."""
    if interval in ("day", "week"):
        return anchor + count * DAY * (7 if interval == "week" else 1)
    at = moment(anchor)
    months = at.year * 12 + at.month - 1 + count * (12 if interval == "year" else 1)
    year, month = divmod(months, 12)
    day = min(at.day, monthrange(year, month + 1)[1])
    return int(at.replace(year=year, month=month + 1, day=day).timestamp())


@dataclass(frozen=True)
class Tier:
    up_to: int | None
    unit_amount: int | None
    flat_amount: int | None


@dataclass(frozen=True)
class Price:
    """A recurring price, in the currency of its subscription.

    ``base`` is what the object says instead where that currency is one of its `currency_options`.
    """

    id: str
    product: str
    currency: str
    interval: str
    count: int
    unit_amount: Decimal | None = None
    tiers_mode: str | None = None
    tiers: tuple[Tier, ...] = ()
    divide_by: int | None = None
    round: str | None = None
    usage: str = "licensed"
    base: tuple[str, int] | None = None

    def amount(self, quantity: int) -> Decimal:
        """What an interval costs, before it is rounded."""
        if self.usage == "metered":
            return Decimal(0)
        if self.tiers_mode:
            return self._tiered(quantity)
        assert self.unit_amount is not None
        if self.divide_by:
            packs, rest = divmod(quantity, self.divide_by)
            quantity = packs + (1 if rest and self.round == "up" else 0)
        return self.unit_amount * quantity

    def _tiered(self, quantity: int) -> Decimal:
        if self.tiers_mode == "volume":
            tier = next(t for t in self.tiers if t.up_to is None or quantity <= t.up_to)
            return Decimal((tier.unit_amount or 0) * quantity + (tier.flat_amount or 0))
        total, below = 0, 0
        for tier in self.tiers:
            inside = quantity - below if tier.up_to is None else min(quantity, tier.up_to) - below
            if inside > 0:
                total += (tier.unit_amount or 0) * inside + (tier.flat_amount or 0)
            below = tier.up_to or below
        return Decimal(total)

    def story(self) -> str:
        every = f"every {self.count} {self.interval}s" if self.count > 1 else f"a {self.interval}"
        if self.usage == "metered":
            what = "metered"
        elif self.tiers_mode:
            what = f"{self.tiers_mode} " + ", ".join(
                f"≤{t.up_to or '∞'}: {t.unit_amount} each + {t.flat_amount}" for t in self.tiers
            )
        else:
            what = f"{self.unit_amount}"
            if self.divide_by:
                what += f" per {self.divide_by} (rounded {self.round})"
            if self.base:
                what += f" (an option of {self.base[1]} {self.base[0]})"
        return f"{self.id}: {what} minor units {self.currency} {every}, {self.product}"


@dataclass(frozen=True)
class Coupon:
    id: str
    percent_off: Decimal | None
    amount_off: int | None
    currency: str | None
    duration: str
    months: int | None = None
    products: tuple[str, ...] = ()

    def story(self) -> str:
        off = f"{self.percent_off} %" if self.percent_off else f"{self.amount_off} {self.currency}"
        only = f" on {', '.join(self.products)}" if self.products else ""
        return f"{off} off {self.duration}{f' {self.months} months' if self.months else ''}{only}"


@dataclass(frozen=True)
class Discount:
    """A coupon as it is applied: to a customer, a subscription or an item."""

    id: str
    coupon: Coupon
    start: int
    end: int | None

    def is_active(self, at: int) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True)
class Item:
    id: str
    price: Price
    quantity: int
    created: int
    discounts: tuple[Discount, ...] = ()


@dataclass(frozen=True)
class State:
    """A subscription object at one moment."""

    id: str
    customer: str
    status: str
    created: int
    start_date: int
    currency: str
    items: tuple[Item, ...]
    anchor: int
    period_start: int
    period_end: int
    discounts: tuple[Discount, ...] = ()
    pause: tuple[str, int | None] | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    ended_at: int | None = None
    reason: str | None = None

    def but(self, **changes) -> "State":
        return replace(self, **changes)


@dataclass(frozen=True)
class Event:
    """A change of a subscription: its object after it and before it."""

    id: str
    type: str
    created: int
    after: State
    before: State | None


@dataclass(frozen=True)
class Line:
    id: str
    item: Item | None
    amount: int
    start: int
    end: int
    is_proration: bool = False
    quantity: int = 1
    # (discount, minor units) for each discount that took something off
    discounted: tuple[tuple[Discount, int], ...] = ()
    # a proration of the classic mode: named, its amount is net already
    discounts: tuple[Discount, ...] = ()


@dataclass(frozen=True)
class Invoice:
    id: str
    customer: str
    subscription: str
    created: int
    status: str
    reason: str
    currency: str
    lines: tuple[Line, ...]
    discounts: tuple[Discount, ...] = ()
    # what of its payment was given back
    refunded: int = 0

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def total(self) -> int:
        off = sum(amount for line in self.lines for _, amount in line.discounted)
        return self.subtotal - off


def split(amount: int, weights: list[int]) -> list[int]:
    """An amount over lines in proportion, to the unit; the last one takes the rest."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    parts = [whole(Decimal(amount) * w / total) for w in weights[:-1]]
    return [*parts, amount - sum(parts)]


def applies(discount: Discount, item: Item) -> bool:
    return not discount.coupon.products or item.price.product in discount.coupon.products


def billed(
    items: tuple[Item, ...],
    discounts: tuple[Discount, ...],
    at: int,
) -> list[tuple[Item, int, tuple[tuple[Discount, int], ...]]]:
    """What an invoice made at a moment takes for each item, and what its discounts take off.

    Discounts on items come before those on the invoice (API reference of invoices), each in the
    order of its list; an amount is taken once and spread over the lines it applies to.
    """
    rows = [(item, whole(item.price.amount(item.quantity))) for item in items]
    left = [gross for _, gross in rows]
    off: list[list[tuple[Discount, int]]] = [[] for _ in rows]
    for n, (item, _) in enumerate(rows):
        for discount in item.discounts:
            if discount.is_active(at) and applies(discount, item):
                taken = _taken(discount.coupon, left[n])
                left[n] -= taken
                off[n].append((discount, taken))
    for discount in discounts:
        if not discount.is_active(at):
            continue
        chosen = [n for n, (item, _) in enumerate(rows) if applies(discount, item)]
        if discount.coupon.percent_off is not None:
            parts = [_taken(discount.coupon, left[n]) for n in chosen]
        else:
            open_amount = sum(left[n] for n in chosen)
            parts = split(min(discount.coupon.amount_off, open_amount), [left[n] for n in chosen])
        for n, part in zip(chosen, parts, strict=True):
            left[n] -= part
            if part:
                off[n].append((discount, part))
    return [(item, gross, tuple(off[n])) for n, (item, gross) in enumerate(rows)]


def _taken(coupon: Coupon, amount: int) -> int:
    if coupon.percent_off is not None:
        return whole(amount * coupon.percent_off / 100)
    return min(coupon.amount_off, amount)
