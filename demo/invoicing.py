"""Invoices: their lines, what they come to, and how they were paid."""

from dataclasses import dataclass, field

from demo.billing import Discount, Item, State, Subscription
from demo.catalog import Price
from demo.clock import DAY, HOUR, iso_day
from demo.ids import stripe

TAX = {"Germany": 19, "France": 20, "Netherlands": 21, "Spain": 21, "Japan": 10, "Canada": 5}
FAILURES = ("card_declined", "insufficient_funds", "expired_card", "processing_error")


@dataclass(slots=True)
class Line:
    """One invoice line; amounts in minor units, before ``discount`` is taken off."""

    amount: int
    description: str
    start: int
    end: int
    price: Price | None = None
    quantity: int = 1
    proration: bool = False
    item: str | None = None
    discount: int = 0
    discount_id: str | None = None


@dataclass(slots=True)
class Attempt:
    """A try to collect an invoice."""

    ts: int
    ok: bool
    failure: str | None = None


@dataclass(slots=True)
class Invoice:
    """An invoice and what became of it."""

    id: str
    number: int
    customer: str
    subscription: str | None
    currency: str
    created: int
    due: int | None
    reason: str
    lines: list[Line]
    start: int
    end: int
    tax: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    paid_at: int | None = None
    voided_at: int | None = None
    uncollectible_at: int | None = None
    refunded_at: int | None = None
    refund: int = 0

    @property
    def subtotal(self) -> int:
        """Lines after discounts, before tax."""
        return sum(line.amount - line.discount for line in self.lines)

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.subtotal + self.tax


def running(
    discount: Discount | None, ts: int, used: dict[str, int], *, period: int | None = None
) -> Discount | None:
    """The discount of an invoice at a moment for a billing period.

    A ``once`` coupon lowers one period, the one that ``used`` keeps; nothing that is sold later.
    """
    if discount is None or (discount.end is not None and discount.end <= ts):
        return None
    spent = discount.coupon.duration == "once" and discount.id in used
    return None if spent and used[discount.id] != period else discount


def leading_item(items: tuple[Item, ...]) -> Item | None:
    """The licensed item with the highest gross amount: it takes a fixed-amount discount."""
    licensed = [item for item in items if item.price.licensed]
    if not licensed:
        return None
    return min(licensed, key=lambda item: (-item.price.unit_amount * item.quantity, item.id))


def period_lines(state: State, discount: Discount | None, start: int, end: int) -> list[Line]:
    """Lines for a whole billing period paid in advance."""
    lines = []
    leader = leading_item(state.items)
    for item in state.items:
        if not item.price.licensed:
            continue
        amount = item.price.unit_amount * item.quantity
        off = 0
        if discount is not None:
            if discount.coupon.percent_off is not None:
                off = round(amount * discount.coupon.percent_off / 100)
            elif item is leader:
                off = min(amount, discount.coupon.amount_off)
        lines.append(
            Line(
                amount,
                f"{item.quantity} x {item.price.nickname} ({start_to_end(start, end)})",
                start,
                end,
                item.price,
                item.quantity,
                item=item.id,
                discount=off,
                discount_id=discount.id if off else None,
            )
        )
    return lines


def start_to_end(start: int, end: int) -> str:
    """A service period in words."""
    return f"{iso_day(start)} to {iso_day(end)}"


def usage_lines(state: State, calls: int, start: int, end: int) -> list[Line]:
    """Metered use of the period that ended."""
    lines = []
    for item in state.items:
        if item.price.recurring and not item.price.licensed:
            amount = round(float(item.price.unit_amount_decimal) * calls)
            text = f"{calls} calls above the commitment"
            lines.append(Line(amount, text, start, end, item.price, calls, item=item.id))
    return lines


def _keep(discount: Discount | None) -> float:
    """What a percentage leaves of a price; a fixed amount is for whole periods."""
    if discount is None or discount.coupon.percent_off is None:
        return 1.0
    return 1 - discount.coupon.percent_off / 100


def proration_lines(
    before: State,
    after: State,
    *,
    paid: dict[str, Discount | None],
    now: Discount | None,
    ts: int,
) -> list[Line]:
    """Unused time of what changed as a credit, the rest of the period at the new price.

    The credit is at the discount that the item was last billed with (`paid`, by item), the new
    price at the one in force now.
    """
    left = (before.period_end - ts) / (before.period_end - before.period_start)
    old = {(item.id, item.price.id, item.quantity): item for item in before.items}
    new = {(item.id, item.price.id, item.quantity): item for item in after.items}
    lines = []
    for sign, items, others, verb in (
        (-1, old, new, "Unused time"),
        (1, new, old, "Remaining time"),
    ):
        for key, item in items.items():
            if key in others or not item.price.licensed:
                continue
            keep = _keep(paid[item.id] if sign < 0 else now)
            amount = sign * round(item.price.unit_amount * item.quantity * left * keep)
            text = f"{verb} on {item.quantity} x {item.price.nickname} after {iso_day(ts)}"
            lines.append(
                Line(
                    amount,
                    text,
                    ts,
                    before.period_end,
                    item.price,
                    item.quantity,
                    proration=True,
                    item=item.id,
                )
            )
    return lines


def new_invoice(
    seed: int,
    account: int,
    number: int,
    *,
    customer: str,
    country: str,
    currency: str,
    created: int,
    reason: str,
    lines: list[Line],
    sub: Subscription | None,
    net_days: int | None,
) -> Invoice:
    """An invoice over some lines, with tax where the country has it."""
    invoice = Invoice(
        id=stripe("in", seed, account, number),
        number=number,
        customer=customer,
        subscription=sub.id if sub else None,
        currency=currency,
        created=created,
        due=created + net_days * DAY if net_days else None,
        reason=reason,
        lines=lines,
        start=min(line.start for line in lines),
        end=max(line.end for line in lines),
    )
    invoice.tax = round(invoice.subtotal * TAX.get(country, 0) / 100)
    return invoice


def settle(invoice: Invoice) -> None:
    """Nothing to collect: paid at once."""
    invoice.paid_at = invoice.created + HOUR


def unused_share(invoice: Invoice, stop: int) -> int:
    """What an invoice took for time after a moment, with its tax."""
    unused = 0.0
    for line in invoice.lines:
        if line.price is not None and line.price.licensed and stop < line.end:
            share = (line.end - max(stop, line.start)) / (line.end - line.start)
            unused += (line.amount - line.discount) * share
    return round(unused * invoice.total / invoice.subtotal) if invoice.subtotal > 0 else 0
