"""What stories are made of."""

from collections.abc import Callable

from demo.billing import Reason, Subscription
from demo.book import REQUESTED
from demo.catalog import CORE, Price, list_price
from demo.clock import DAY, HOUR, add_months
from demo.life import Life
from demo.records import Departure

Story = Callable[[Life], None]
STORIES: dict[str, Story] = {}
NO_USE: Reason = (REQUESTED, "unused", "The team stopped using it")
PRICE: Reason = (REQUESTED, "too_expensive", "Budget cut")


def story(function: Story) -> Story:
    """Register a story under its function's name."""
    STORIES[function.__name__] = function
    return function


def price_of(
    life: Life,
    plan: str = "Growth",
    interval: str = "month",
    count: int = 1,
    *,
    product: str = CORE,
    year: int = 2023,
    reduction: float = 0.0,
    currency: str | None = None,
) -> Price:
    """A price of the list of a year, in the currency of the account."""
    currency = currency or life.account.currency
    return list_price(product, plan, currency, interval, count, year=year, reduction=reduction)


def sell(
    life: Life, *lines: tuple[Price, int], ts: int | None = None, **settings: object
) -> Subscription:
    """Sell at the account's start."""
    ts = life.account.start if ts is None else ts
    sub = life.book.start(ts, lines, **settings)
    life.deal(ts, "New Business", sub, won=True, lead=40 * DAY)
    return sub


def sell_core(
    life: Life,
    seats: int,
    plan: str = "Growth",
    interval: str = "month",
    count: int = 1,
    **settings: object,
) -> Subscription:
    """Sell seats of the core product."""
    return sell(life, (price_of(life, plan, interval, count), seats), **settings)


def later(life: Life, months: int, days: int = 0, hours: int = 0) -> int:
    """A moment some months after the start."""
    return add_months(life.account.start, months) + days * DAY + hours * HOUR


def leave(
    life: Life, ts: int, sub: Subscription, reason: Reason = NO_USE, *, record: bool = True
) -> None:
    """Give notice at a moment; the subscription ends with its period."""

    def act(when: int) -> None:
        life.book.cancel_at_end(when, sub, reason)
        if record:
            label = "Price" if reason is PRICE else "Low adoption"
            life.departures.append(Departure(sub.now.period_end, label, reason[2] or "", True))

    life.book.plan(ts, act)
    life.sour(ts)


def again(life: Life, ts: int, price: Price, seats: int) -> None:
    """A new subscription some time later."""
    life.book.plan(ts, lambda when: life.book.start(when, [(price, seats)]))
    life.brighten(ts)


def next_payment(life: Life, fate: str) -> Callable[[int], None]:
    """Decide how the next invoice is collected."""

    def act(_: int) -> None:
        life.book.collector.outcome = fate

    return act


def unmatched(life: Life, domain: str) -> None:
    """Take away whatever could tie the billing to the CRM."""
    life.account.crm = False
    life.account.billing_key = False
    life.account.product_key = False
    life.account.support_key = False
    life.account.feedback_key = False
    life.account.mail_domain = domain
