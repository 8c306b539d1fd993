"""ARR by day of the lives of `stripe_life`, from the lives themselves and METRICS §1.

Nothing of the export is read, and none of the warehouse's SQL was. In plain words:

* a subscription has ARR at the end of a day when its state at that moment is active or past due,
  payment is not paused, and no free time runs;
* it is what its items cost in a billing interval, less the discounts active that day, times the
  intervals of a year (52 weeks, 365 days), `once` coupons left out;
* an account's ARR is the sum; below 0 it cannot be;
* movements by rules 1 to 5, with the settled cases: paused or free inside a running, paid
  subscription is contraction, and its end expansion.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain, pairwise

from tests.python.judge.stripe_life import AS_OF_END, Played
from tests.python.judge.stripe_world import (
    DAY,
    Discount,
    Invoice,
    Line,
    State,
    applies,
    digits,
    whole,
)

PER_YEAR = {"day": 365, "week": 52, "month": 12, "year": 1}
CENT = Decimal("0.01")
# One plan rate a currency, for all of time: US dollars for one major unit.
RATES = {
    "usd": Decimal(1),
    "eur": Decimal("1.1"),
    "jpy": Decimal("0.0067"),
    "krw": Decimal("0.00073"),
    "kwd": Decimal("3.25"),
    "bhd": Decimal("2.65"),
    "ugx": Decimal("0.00027"),
    "isk": Decimal("0.0072"),
    "huf": Decimal("0.0027"),
    "twd": Decimal("0.031"),
}


def month_ends(first: date = date(2023, 1, 1), last: date = date(2025, 6, 30)) -> list[date]:
    ends, day = [], first
    while True:
        following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        end = following - timedelta(days=1)
        if end > last:
            return ends
        ends.append(end)
        day = following


def end_of(day: date) -> int:
    """The last second of a day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + DAY - 1


def per_interval(state: State, customer: Discount | None, at: int) -> list[tuple[str, Decimal]]:
    """Net amount of each item for a billing interval, in minor units."""
    counts = [d for d in state.discounts if d.is_active(at) and d.coupon.duration != "once"]
    if not counts and customer and customer.is_active(at):
        counts = [customer]
    net = []
    for item in state.items:
        # A bill is in whole minor units: what lies below one is rounded per interval.
        amount = Decimal(whole(item.price.amount(item.quantity)))
        for discount in item.discounts:
            if discount.is_active(at) and discount.coupon.duration != "once":
                amount = _less(amount, discount) if applies(discount, item) else amount
        net.append(amount)
    for discount in counts:
        chosen = [n for n, item in enumerate(state.items) if applies(discount, item)]
        total = sum(net[n] for n in chosen)
        if not total:
            continue
        for n in chosen:
            if discount.coupon.percent_off is not None:
                net[n] = _less(net[n], discount)
            else:
                taken = min(Decimal(discount.coupon.amount_off), total)
                net[n] -= taken * net[n] / total
    return [(item.id, net[n]) for n, item in enumerate(state.items)]


def _less(amount: Decimal, discount: Discount) -> Decimal:
    coupon = discount.coupon
    if coupon.percent_off is not None:
        return amount * (100 - coupon.percent_off) / 100
    return max(Decimal(0), amount - coupon.amount_off)


@dataclass(frozen=True)
class Standing:
    """An account at the end of a day."""

    arr: Decimal
    is_on_hold: bool  # something is paused, or free for a while, that was paid before


class Oracle:
    """The figures of one life, by account."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.by_subscription = {
            key: (
                [stamp for stamp, _ in states],
                [state for _, state in states],
            )
            for key, states in played.states.items()
        }
        # From when a subscription had been paid for: the first day at whose end it has ARR.
        self.first_paid: dict[str, int] = {}
        for key, (stamps, states) in self.by_subscription.items():
            nexts = [*stamps[1:], AS_OF_END]
            for stamp, state, following in zip(stamps, states, nexts, strict=True):
                lasts_the_day = following // DAY > stamp // DAY
                amounts = per_interval(state, None, stamp)
                if lasts_the_day and self._counts(state) and sum(n for _, n in amounts) > 0:
                    self.first_paid.setdefault(key, stamp)

    @property
    def accounts(self) -> list[str]:
        name = self.played.life.name
        moved = any(
            state.customer.endswith("_other")
            for _, states in self.by_subscription.values()
            for state in states
        )
        return [f"A_{name}", *([f"A_{name}_other"] if moved else [])]

    @staticmethod
    def _counts(state: State) -> bool:
        return state.status in ("active", "past_due") and state.pause is None

    def state_at(self, key: str, at: int) -> State | None:
        stamps, states = self.by_subscription[key]
        found = bisect_right(stamps, at)
        return states[found - 1] if found else None

    def standing(self, account: str, day: date) -> Standing:
        at, total, held = end_of(day), Decimal(0), False
        for key in self.by_subscription:
            state = self.state_at(key, at)
            if state is None or f"A_{state.customer.removeprefix('cus_')}" != account:
                continue
            if self._counts(state):
                amount = self._arr(state, at)
                total += amount
                # A discount of everything is a full discount, not a churn. Usage alone is no ARR.
                is_priced = any(item.price.amount(item.quantity) for item in state.items)
                is_priced = is_priced or self._is_free_between(key, at)
                held = held or (amount == 0 and is_priced and self._was_paid(key, at))
            elif state.status in ("active", "past_due", "trialing"):
                held = held or self._was_paid(key, at)
        return Standing(total, held)

    def _was_paid(self, key: str, at: int) -> bool:
        return self.first_paid.get(key, at + 1) <= at

    def _is_free_between(self, key: str, at: int) -> bool:
        """Whether some units cost nothing between two states in which the item costs something.

        METRICS: free time inside a running subscription is a full discount.
        """
        stamps, states = self.by_subscription[key]
        now = bisect_right(stamps, at) - 1
        for item in states[now].items:
            costs = [
                next((i.price.amount(i.quantity) for i in each.items if i.id == item.id), None)
                for each in states
            ]
            before = next((cost for cost in reversed(costs[:now]) if cost != 0), None)
            after = next((cost for cost in costs[now + 1 :] if cost != 0), None)
            is_usage = item.price.usage == "metered"  # what is used is paid for: it is not free
            if costs[now] == 0 and item.quantity > 0 and not is_usage and before and after:
                return True
        return False

    def _arr(self, state: State, at: int) -> Decimal:
        total = Decimal(0)
        minor = Decimal(10) ** digits(state.currency)
        prices = {item.id: item.price for item in state.items}
        for key, amount in per_interval(state, self.played.customer_discount, at):
            price = prices[key]
            year = amount / minor * PER_YEAR[price.interval] / price.count
            total += (year * RATES[state.currency]).quantize(CENT, rounding=ROUND_HALF_UP)
        return total

    def closings(self, account: str) -> list[tuple[date, Standing]]:
        return [(day, self.standing(account, day)) for day in month_ends()]

    def movements(self, account: str) -> dict[date, tuple[str, Decimal]]:
        """Month → class and change, where something moved."""
        found: dict[date, tuple[str, Decimal]] = {}
        before, was_positive = Standing(Decimal(0), False), False
        for day, now in self.closings(account):
            change = now.arr - before.arr
            kind = None
            if not before.arr and now.arr:
                if before.is_on_hold and was_positive:
                    kind = "expansion"
                else:
                    kind = "reactivation" if was_positive else "new"
            elif before.arr and not now.arr:
                kind = "contraction" if now.is_on_hold else "churn"
            elif change:
                kind = "expansion" if change > 0 else "contraction"
            if kind:
                found[day.replace(day=1)] = (kind, change)
            was_positive = was_positive or now.arr > 0
            before = now
        return found

    def is_overlapping(self) -> bool:
        """Whether a subscription began beside another one of its product, and went on after it.

        METRICS takes that for an early renewal and counts the new one only. Where two simply ran
        side by side nobody can tell, so these lives are not judged.
        """
        spans = []
        for stamps, states in self.by_subscription.values():
            # What is left without ARR is over, too: paused for good, or usage alone.
            is_paid = [
                self._counts(state) and any(i.price.amount(i.quantity) for i in state.items)
                for state in states
            ]
            last = max((n for n, each in enumerate(is_paid) if each), default=None)
            if last is None:
                continue
            end = AS_OF_END if last == len(states) - 1 else stamps[last + 1]
            # One that began later and is paused goes on all the same, and may renew the other.
            gone = stamps[-1] if states[-1].ended_at is not None else AS_OF_END
            products = {item.price.product for state in states for item in state.items}
            spans.append((stamps[0], end, products, max(end, gone)))
        return any(
            old is not new and old[0] <= new[0] < old[1] < new[3] and old[2] & new[2]
            for old in spans
            for new in spans
        )

    def is_billed(self) -> bool:
        """Whether Stripe billed, once, all days on which there is ARR.

        It does not where it began a new period without a credit for the old one, and where the bill
        of a period that began in a pause, or while unpaid, was never made valid though the period
        ran on after it, nor does it bill days with ARR where a subscription is over on the day it
        began, or where usage alone became seats within a period without proration: those are
        exceptions that somebody has to chase.
        """
        if "billed_twice" in self.played.done or self._has_seats_without_a_bill():
            return False
        if self.played.wrong_bills or self._ends_in_a_bill_that_was_refunded():
            return False
        for stamps, states in self.by_subscription.values():
            if states[-1].ended_at is not None and states[-1].ended_at // DAY == stamps[0] // DAY:
                return False
        for bill in self.played.invoices:
            if bill.status in ("paid", "open") or bill.total <= 0:
                continue
            end = max(line.end for line in bill.lines)
            for stamp, state in self.played.states[bill.subscription]:
                if bill.created <= stamp < end and self._counts(state):
                    return False
        return True

    def _ends_in_a_bill_that_was_refunded(self) -> bool:
        """Whether a refund could be of the bill made twice, or of the days after the end."""
        return any(
            line.start <= state.ended_at < line.end
            for bill in self.played.invoices
            if bill.refunded
            for line in bill.lines
            for _, state in self.played.states[bill.subscription]
            if state.ended_at is not None
        )

    def months_of_wrong_bills(self, account: str) -> list[list[date]]:
        """For each bill that was made twice, or made void, the months it must be told in.

        Three days of a dollar a day at least, in a period that nothing else happened in.
        """
        found = []
        for bill in self.played.invoices:
            start = min(line.start for line in bill.lines) // DAY * DAY
            end = min(max(line.end for line in bill.lines) // DAY * DAY, AS_OF_END)
            states = self.played.states[bill.subscription]
            is_quiet = not any(start < stamp - stamp % DAY < end for stamp, _ in states)
            others = [
                other
                for other in self.played.invoices
                if other.subscription == bill.subscription and other.id != bill.id
                for line in other.lines
                if line.start < end and line.end > start
            ]
            if bill.id not in self.played.wrong_bills or not is_quiet:
                continue
            if len({each.id for each in others}) != (0 if bill.status == "void" else 1):
                continue
            state = self.state_at(bill.subscription, start + DAY - 1)
            if state is None or f"A_{state.customer.removeprefix('cus_')}" != account:
                continue
            if not self._counts(state) or self._arr(state, start + DAY - 1) < 365:
                continue
            epoch = date(1970, 1, 1)
            days = [epoch + timedelta(days=n) for n in range(start // DAY, end // DAY)]
            months = [day.replace(day=1) for day in days]
            told = sorted({month for month in months if months.count(month) > 2})
            if told:
                found.append(told)
        return found

    def _has_seats_without_a_bill(self) -> bool:
        """Whether seats took the place of usage alone on a day that no bill of seats is for."""
        for name, states in self.played.states.items():
            billed = [
                line
                for bill in self.played.invoices
                if bill.subscription == name
                for line in bill.lines
                if line.item is not None and line.item.price.usage != "metered"
            ]
            for (_, old), (stamp, new) in pairwise(states):
                is_usage_alone = all(each.price.usage == "metered" for each in old.items)
                has_seats = any(each.price.usage != "metered" for each in new.items)
                is_for = any(line.start <= stamp < line.end for line in billed)
                if is_usage_alone and has_seats and self._counts(new) and not is_for:
                    return True
        return False

    def has_two_causes_in_a_period(self) -> bool:
        """Whether two things that move bill and ARR apart fall into one billed period.

        A discount that begins or ends in it beside a change of items, a pause beside the end of the
        subscription, a change that was billed beside one that was not, an amount off that a change
        of one line spreads anew over the others, a coupon for one bill beside the bill of a change,
        seats that give way to usage and come again, a change beside a bill that was given up: each
        alone is a reason of its own, together a part is left `unexplained`.
        """
        return any(
            self._has_two_causes(bill, line)
            for bill in self.played.invoices
            for line in bill.lines
            if not line.is_proration
        )

    def _has_two_causes(self, bill: Invoice, line: Line) -> bool:
        states = self.played.states[bill.subscription]
        inside = [state for stamp, state in states if line.start <= stamp < line.end]
        changes = [
            new_stamp
            for (_, old), (new_stamp, new) in pairwise(states)
            if line.start <= new_stamp < line.end and old.items != new.items
        ]
        billed = {
            each.start
            for other in self.played.invoices
            if other.subscription == bill.subscription
            for each in other.lines
            if each.is_proration
        }
        is_billed = [stamp in billed for stamp in changes]
        is_partly_billed = any(is_billed) and not all(is_billed)
        is_twice_at_once = len(set(changes)) < len(changes)
        is_lowered_in_part = any(
            discount.end is not None and line.start < discount.end < line.end
            for discount, _ in line.discounted
        ) or any(
            line.start < discount.start < line.end
            for state in inside
            for discount in (*state.discounts, *chain(*(i.discounts for i in state.items)))
        )
        is_spread = len([each for each in bill.lines if not each.is_proration]) > 1 and any(
            discount.coupon.amount_off for discount, _ in line.discounted
        )
        is_for_one_bill = any(
            discount.coupon.duration == "once" for state in inside for discount in state.discounts
        )
        are_seats = [any(i.price.usage != "metered" for i in state.items) for state in inside]
        is_back = any(not was and now for was, now in pairwise(are_seats))
        is_paused = any(state.pause for state in inside)
        is_over = any(
            state.ended_at is not None and line.start <= stamp <= line.end
            for stamp, state in states
        )
        return (
            (bool(changes) and (is_lowered_in_part or is_spread or bill.status == "uncollectible"))
            or is_partly_billed
            or is_twice_at_once
            or (is_for_one_bill and any(is_billed))
            or is_back
            or (is_paused and is_over)
        )

    def is_changed_after_the_bill_of_its_day(self) -> bool:
        """Whether something else is paid for at the end of a day than its bill of a period says.

        A day has one ARR, that of its end; a discount that was given, or seats that were given up
        without a credit, after the bill of the day seem to be missing on it.
        """
        for bill in self.played.invoices:
            states = self.played.states[bill.subscription]
            for line in bill.lines:
                if line.is_proration:
                    continue
                billed = {discount.id for discount, _ in line.discounted}
                midnight = line.start - line.start % DAY + DAY
                for stamp, state in states:
                    if not line.start <= stamp < midnight:
                        continue
                    if state.ended_at is not None:
                        return True
                    item = next((i for i in state.items if i.id == line.item.id), None)
                    if item is None or (item.price, item.quantity) != (
                        line.item.price,
                        line.quantity,
                    ):
                        return True
                    given = (*state.discounts, *item.discounts)
                    if any(d.id not in billed and d.is_active(stamp) for d in given):
                        return True
                    items = {each.item.id for each in bill.lines if each.item}
                    if any(i.price.usage != "metered" and i.id not in items for i in state.items):
                        return True
        return False

    def expected_revenue(self, account: str, month: date) -> Decimal:
        """ARR / 365 for each day of a month."""
        day, total = month, Decimal(0)
        while day.month == month.month and end_of(day) < AS_OF_END:
            total += self.standing(account, day).arr
            day += timedelta(days=1)
        return total / 365
