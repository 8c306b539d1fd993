"""Subscriptions as lists of dated states: what was sold, and when it became known."""

from dataclasses import dataclass, field, replace

from demo.catalog import Coupon, Price
from demo.clock import DAY, add_months

PAYING = ("active", "past_due")
USABLE = ("trialing", "active", "past_due")
Reason = tuple[str | None, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Item:
    """One subscription item: a line of recurring revenue."""

    id: str
    price: Price
    quantity: int
    created: int


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon as applied to a subscription."""

    id: str
    coupon: Coupon
    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class State:
    """A subscription from the moment ``at``, when the change became known."""

    at: int
    kind: str
    status: str
    items: tuple[Item, ...]
    period_start: int
    period_end: int
    discount: Discount | None = None
    paused: bool = False
    resumes_at: int | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    cancel_at: int | None = None
    ended_at: int | None = None
    cancellation: Reason = (None, None, None)


@dataclass(slots=True)
class Subscription:
    """A subscription and everything that happened to it."""

    id: str
    number: int
    customer: str
    account: int
    currency: str
    interval: str
    interval_count: int
    start_date: int
    collection: str
    states: list[State] = field(default_factory=list)
    items_made: int = 0
    anchor: int | None = None

    @property
    def now(self) -> State:
        """The state in force."""
        return self.states[-1]

    @property
    def ended(self) -> bool:
        """Whether the subscription is over."""
        return bool(self.states) and self.now.ended_at is not None

    @property
    def usable(self) -> bool:
        """Whether it gives access to the product."""
        return not self.ended and self.now.status in USABLE and not self.now.paused

    @property
    def active(self) -> bool:
        """Whether it is in force and not being left."""
        return not self.ended and self.now.status in PAYING and not self.now.paused

    def change(self, at: int, kind: str = "updated", **changes: object) -> State:
        """Append a state; two changes never share a second."""
        at = max(at, self.now.at + 1)
        # Status and items of earlier states stay as they were: a state is never edited.
        state = replace(self.now, at=at, kind=kind, **changes)
        self.states.append(state)
        return state

    def known(self, cut: int) -> list[State]:
        """The states known before a moment."""
        if self.states and self.states[-1].at < cut:
            return self.states
        return [state for state in self.states if state.at < cut]


def period_end(start: int, interval: str, count: int, anchor: int) -> int:
    """End of the billing period that starts at a moment."""
    if interval == "day":
        return start + count * DAY
    if interval == "week":
        return start + 7 * count * DAY
    return add_months(start, count * (12 if interval == "year" else 1), anchor)


def seats_of(state: State, core: str) -> int:
    """Units of the core product."""
    return sum(item.quantity for item in state.items if item.price.product == core)
