"""The billing of one account: what is done to its subscriptions, in the order of time."""

import heapq
from collections.abc import Callable, Iterable

from demo.accounts import Account
from demo.billing import Discount, Item, Reason, State, Subscription, period_end
from demo.catalog import CONNECT, CORE, Coupon, Price, metered
from demo.clock import DAY, HOUR, add_months, day_date
from demo.collecting import Collector
from demo.ids import stripe
from demo.invoicing import (
    Invoice,
    Line,
    new_invoice,
    period_lines,
    proration_lines,
    running,
    settle,
    unused_share,
    usage_lines,
)
from demo.streams import stream

REQUESTED = "cancellation_requested"


class Book:
    """Subscriptions, invoices and the agenda of one account."""

    def __init__(self, account: Account, seed: int) -> None:
        """An empty book."""
        self.account = account
        self.seed = seed
        self.subs: list[Subscription] = []
        self.invoices: list[Invoice] = []
        self.customers: dict[str, dict] = {}
        self.collector = Collector(account.index, seed, self.plan, self.end)
        self.no_card: set[str] = set()
        self.next_items: dict[str, list[tuple[int, tuple[Item, ...]]]] = {}
        self._agenda: list = []
        self._order = 0
        self._used: dict[str, int] = {}
        # The discount an item was billed anew with in the middle of a period.
        self._prorated: dict[tuple[int, str], Discount | None] = {}

    # --- agenda -------------------------------------------------------------------------

    def plan(self, ts: int, action: Callable, *args: object) -> None:
        """Do something later."""
        self._order += 1
        heapq.heappush(self._agenda, (ts, self._order, action, args))

    def run(self, until: int) -> None:
        """Do everything planned before a moment."""
        while self._agenda and self._agenda[0][0] < until:
            ts, _, action, args = heapq.heappop(self._agenda)
            action(ts, *args)

    # --- subscriptions ------------------------------------------------------------------

    def customer(self, number: int = 0, currency: str | None = None, ts: int = 0) -> str:
        """The Stripe customer of the account; a second one where needed."""
        key = stripe("cus", self.seed, self.account.index, number)
        self.customers.setdefault(
            key, {"number": number, "currency": currency or self.account.currency, "created": ts}
        )
        return key

    def item(self, sub: Subscription, price: Price, quantity: int, ts: int) -> Item:
        """A new item for a subscription."""
        sub.items_made += 1
        key = stripe("si", self.seed, self.account.index, sub.number, sub.items_made)
        return Item(key, price, quantity, ts)

    def start(
        self,
        ts: int,
        lines: Iterable[tuple[Price, int]],
        *,
        start_date: int | None = None,
        trial_days: int = 0,
        incomplete: bool = False,
        coupon: Coupon | None = None,
        customer: int = 0,
        collection: str = "charge_automatically",
        fee: Line | None = None,
    ) -> Subscription:
        """Sell a subscription; an earlier ``start_date`` makes it backdated."""
        lines = list(lines)
        price = lines[0][0]
        begin = ts if start_date is None else start_date
        number = len(self.subs)
        sub = Subscription(
            id=stripe("sub", self.seed, self.account.index, number),
            number=number,
            customer=self.customer(customer, price.currency, ts - HOUR),
            account=self.account.index,
            currency=price.currency,
            interval=price.interval,
            interval_count=price.interval_count,
            start_date=begin,
            collection=collection,
        )
        items = tuple(self.item(sub, p, quantity, ts) for p, quantity in lines)
        trial_end = begin + trial_days * DAY if trial_days else None
        end = trial_end or self._next(sub, begin)
        state = State(
            at=ts,
            kind="created",
            status="trialing" if trial_days else "incomplete" if incomplete else "active",
            items=items,
            period_start=begin,
            period_end=end,
            trial_start=begin if trial_days else None,
            trial_end=trial_end,
            discount=self._discount(sub, coupon, ts) if coupon else None,
        )
        sub.states.append(state)
        self.subs.append(sub)
        self.plan(ts + 23 * HOUR if incomplete else end, *self._first_step(sub))
        if incomplete:
            return sub
        if trial_days:
            text = "Trial period"
            self._bill(sub, ts, "subscription_create", [Line(0, text, begin, end, price, 1)])
        else:
            self._bill_period(sub, ts, "subscription_create", extra=[fee] if fee else [])
        return sub

    def _first_step(self, sub: Subscription) -> tuple[Callable, Subscription]:
        return (self.expire if sub.now.status == "incomplete" else self.rollover), sub

    def _next(self, sub: Subscription, start: int) -> int:
        first = sub.start_date
        if sub.anchor is not None:
            first = sub.anchor
        elif sub.states and sub.states[0].trial_end is not None:
            first = sub.states[0].trial_end
        anchor = day_date(first // DAY).day
        return period_end(start, sub.interval, sub.interval_count, anchor)

    def _discount(self, sub: Subscription, coupon: Coupon, ts: int) -> Discount:
        end = add_months(ts, coupon.months) if coupon.months else None
        key = stripe("di", self.seed, self.account.index, sub.number, len(sub.states))
        return Discount(key, coupon, ts, end)

    def rollover(self, ts: int, sub: Subscription) -> None:
        """A billing period or a trial ends."""
        now = sub.now
        if sub.ended or now.period_end != ts:
            return
        if now.cancel_at_period_end:
            self.end(ts, sub, reason=now.cancellation)
            return
        if now.status == "unpaid":
            return
        if now.status == "trialing" and sub.id in self.no_card:
            # A trial that ends with no payment method: Stripe pauses the subscription.
            sub.change(ts, "paused", status="paused")
            return
        changes: dict = {"period_start": ts, "period_end": self._next(sub, ts)}
        if now.status == "trialing":
            changes["status"] = "active"
        pending = self.next_items.get(sub.id)
        while pending and pending[0][0] <= ts:
            changes["items"] = pending.pop(0)[1]
        before = now
        sub.change(ts, **changes)
        self.plan(sub.now.period_end, self.rollover, sub)
        extra = [] if before.status == "trialing" else self._usage(sub, before)
        self._bill_period(sub, ts + HOUR, "subscription_cycle", extra=extra)

    def _usage(self, sub: Subscription, before: State) -> list[Line]:
        rng = stream(self.seed, "calls", self.account.index, sub.number, before.period_start)
        calls = int(5_000 + rng.random() * 40_000)
        return usage_lines(before, calls, before.period_start, before.period_end)

    def change_items(self, ts: int, sub: Subscription, items: tuple[Item, ...]) -> None:
        """Change seats, prices or plans in the middle of a term, with proration."""
        before = sub.now
        if sub.ended or before.cancel_at_period_end or not items:
            return
        after = sub.change(ts, items=items)
        if before.status in ("trialing", "unpaid") or before.paused:
            return
        now = running(before.discount, ts, self._used)
        whole = running(before.discount, ts, self._used, period=before.period_start)
        # What was changed in this period before was billed anew then, at the discount of that day.
        paid = {
            item.id: self._prorated.get((before.period_start, item.id), whole)
            for item in before.items
        }
        lines = proration_lines(before, after, paid=paid, now=now, ts=ts)
        self._prorated |= {
            (before.period_start, item.id): now for item in after.items if item not in before.items
        }
        if lines:
            self._bill(sub, ts, "subscription_update", lines)

    def seats(self, ts: int, sub: Subscription, quantity: int) -> None:
        """Set the number of seats on every per-seat item."""
        items = tuple(
            item
            if item.price.product == CONNECT
            else Item(item.id, item.price, max(1, quantity), item.created)
            for item in sub.now.items
        )
        if items != sub.now.items:
            self.change_items(ts, sub, items)

    def swap(
        self, ts: int, sub: Subscription, product: str, price: Price, *, same_item: bool = True
    ) -> None:
        """Give the item of a product another price, on the same item or on a new one."""
        items = []
        for item in sub.now.items:
            if item.price.product != product or not item.price.licensed:
                items.append(item)
            elif same_item:
                items.append(Item(item.id, price, item.quantity, item.created))
            else:
                items.append(self.item(sub, price, item.quantity, ts))
        self.change_items(ts, sub, tuple(items))

    def add(self, ts: int, sub: Subscription, price: Price, quantity: int) -> None:
        """Add an item; the Connect commitment brings its metered price along."""
        if any(item.price.product == price.product for item in sub.now.items):
            return
        items = [*sub.now.items, self.item(sub, price, quantity, ts)]
        if price.product == CONNECT:
            rate = metered(price.currency, price.interval, price.interval_count)
            items.append(self.item(sub, rate, 1, ts))
        self.change_items(ts, sub, tuple(items))

    def drop(self, ts: int, sub: Subscription, product: str) -> None:
        """Remove the items of an add-on."""
        if product != CORE:
            kept = tuple(item for item in sub.now.items if item.price.product != product)
            if kept != sub.now.items:
                self.change_items(ts, sub, kept)

    def discount(self, ts: int, sub: Subscription, coupon: Coupon | None) -> None:
        """Apply a coupon, or take it away; invoices see it from the next period on."""
        if not sub.ended:
            sub.change(ts, discount=self._discount(sub, coupon, ts) if coupon else None)

    def pause(self, ts: int, sub: Subscription, resumes_at: int | None = None) -> None:
        """Stop collecting payment; access and ARR stop with it."""
        if sub.active:
            sub.change(ts, "updated", paused=True, resumes_at=resumes_at)

    def resume(self, ts: int, sub: Subscription) -> None:
        """Collect payment again."""
        if not sub.ended and sub.now.paused:
            sub.change(ts, "updated", paused=False, resumes_at=None)

    def expire(self, ts: int, sub: Subscription) -> None:
        """The first payment never succeeded: the subscription never was."""
        sub.change(ts, status="incomplete_expired", ended_at=ts)

    def card_added(self, ts: int, sub: Subscription) -> None:
        """A subscription that Stripe paused after its trial starts after all."""
        if sub.now.status == "paused":
            # Its billing periods count from this day on.
            sub.anchor = ts
            end = self._next(sub, ts)
            sub.change(ts, "resumed", status="active", period_start=ts, period_end=end)
            self.plan(end, self.rollover, sub)
            self._bill_period(sub, ts + HOUR, "subscription_cycle")

    def cancel_at_end(self, ts: int, sub: Subscription, reason: Reason) -> None:
        """The customer asks to leave when the period is over."""
        if sub.ended or sub.now.cancel_at_period_end:
            return
        sub.change(
            ts,
            cancel_at_period_end=True,
            canceled_at=ts,
            cancel_at=sub.now.period_end,
            cancellation=reason,
        )

    def keep(self, ts: int, sub: Subscription) -> None:
        """The customer takes the cancellation back."""
        if sub.now.cancel_at_period_end and not sub.ended:
            sub.change(
                ts,
                cancel_at_period_end=False,
                canceled_at=None,
                cancel_at=None,
                cancellation=(None, None, None),
            )

    def end(
        self,
        ts: int,
        sub: Subscription,
        *,
        reason: Reason,
        ended_at: int | None = None,
        refund: bool = False,
    ) -> None:
        """End a subscription; an earlier ``ended_at`` makes the cancellation backdated."""
        if sub.ended:
            return
        now = sub.now
        stop = ts if ended_at is None else ended_at
        canceled = now.canceled_at if now.cancel_at_period_end else stop
        sub.change(
            ts,
            "deleted",
            status="canceled",
            ended_at=stop,
            canceled_at=canceled,
            cancellation=reason,
        )
        if refund and now.status in ("active", "past_due") and stop < now.period_end:
            self._credit(sub, stop, ts)

    def _credit(self, sub: Subscription, stop: int, ts: int) -> None:
        """Refunds for the time that was paid and not used, each from the invoice that took it."""
        for invoice in self.invoices:
            if invoice.subscription == sub.id and invoice.paid_at and invoice.total > 0:
                unused = min(invoice.total, unused_share(invoice, stop))
                if unused > 0:
                    invoice.refund = unused
                    invoice.refunded_at = ts + 2 * HOUR

    # --- invoices -----------------------------------------------------------------------

    def _bill_period(
        self, sub: Subscription, ts: int, reason: str, extra: Iterable[Line] = ()
    ) -> None:
        now = sub.now
        discount = running(now.discount, ts, self._used, period=now.period_start)
        if discount is not None:
            self._used.setdefault(discount.id, now.period_start)
        lines = period_lines(now, discount, now.period_start, now.period_end)
        self._bill(sub, ts, reason, [*lines, *extra])

    def one_off(self, ts: int, lines: list[Line], currency: str | None = None) -> None:
        """An invoice beside the subscription: services, fees, credits."""
        self._bill(None, ts, "manual", lines, currency=currency)

    def _bill(
        self,
        sub: Subscription | None,
        ts: int,
        reason: str,
        lines: list[Line],
        currency: str | None = None,
    ) -> None:
        if not lines:
            return
        number = len(self.invoices)
        invoice = new_invoice(
            self.seed,
            self.account.index,
            number,
            customer=sub.customer if sub else self.customer(ts=ts - HOUR),
            country=self.account.country,
            currency=sub.currency if sub else currency or self.account.currency,
            created=ts,
            reason=reason,
            lines=lines,
            sub=sub,
            net_days=30 if sub and sub.collection == "send_invoice" else None,
        )
        self.invoices.append(invoice)
        if sub is not None and sub.now.paused:
            invoice.voided_at = ts + HOUR
        elif invoice.total <= 0:
            settle(invoice)
        elif invoice.due is not None:
            self.collector.wait_for_transfer(invoice, sub)
        else:
            self.collector.charge(invoice, sub)
