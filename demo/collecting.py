"""Collecting invoices: paid at once, after some attempts, or never."""

from collections.abc import Callable

from demo.billing import Reason, Subscription
from demo.clock import DAY, HOUR
from demo.invoicing import FAILURES, Attempt, Invoice
from demo.streams import stream

FAILED: Reason = ("payment_failed", None, None)


class Collector:
    """The payments of one account. ``outcome`` decides the next invoice, else chance does."""

    def __init__(self, account: int, seed: int, plan: Callable, end: Callable) -> None:
        """Collect for an account; ``plan`` and ``end`` are those of its book."""
        self.account = account
        self.seed = seed
        self.risk = 0.0
        self.recovery = 1.0
        self.outcome: str | None = None
        self._plan = plan
        self._end = end

    def _fate(self, number: int) -> str:
        """How the collection of an invoice goes."""
        if self.outcome is not None:
            fate, self.outcome = self.outcome, None
            return fate
        rng = stream(self.seed, "pay", self.account, number)
        if rng.random() >= self.risk:
            return "paid"
        if rng.random() < self.recovery:
            return "recover"
        return "cancel" if rng.random() < 0.7 else "unpaid"

    def charge(self, invoice: Invoice, sub: Subscription | None) -> None:
        """Charge a card, up to four times."""
        rng = stream(self.seed, "charge", self.account, invoice.number)
        first = invoice.created + HOUR + int(rng.random() * 600)
        fate = self._fate(invoice.number) if sub is not None else "paid"
        if fate == "paid":
            invoice.attempts.append(Attempt(first, ok=True))
            invoice.paid_at = first
            return
        failure = FAILURES[int(rng.random() * len(FAILURES))]
        tries = [first, first + 3 * DAY, first + 8 * DAY, first + 15 * DAY]
        good = 1 + int(rng.random() * 3) if fate == "recover" else None
        for number, ts in enumerate(tries):
            ok = number == good
            invoice.attempts.append(Attempt(ts, ok, None if ok else failure))
            if ok:
                break
        self._plan(first + 1, self._past_due, sub)
        last = invoice.attempts[-1].ts
        if fate == "recover":
            invoice.paid_at = last
            self._plan(last + 1, self._recovered, sub)
        else:
            invoice.uncollectible_at = last + DAY
            self._plan(last + DAY, self._given_up, sub, fate)

    def wait_for_transfer(self, invoice: Invoice, sub: Subscription) -> None:
        """Wait for a bank transfer."""
        rng = stream(self.seed, "transfer", self.account, invoice.number)
        fate = self._fate(invoice.number)
        if fate == "paid":
            invoice.paid_at = invoice.created + int((3 + rng.random() * 26) * DAY)
            invoice.attempts.append(Attempt(invoice.paid_at, ok=True))
            return
        self._plan(invoice.due + 1, self._past_due, sub)
        if fate == "recover":
            invoice.paid_at = invoice.due + int((3 + rng.random() * 30) * DAY)
            invoice.attempts.append(Attempt(invoice.paid_at, ok=True))
            self._plan(invoice.paid_at + 1, self._recovered, sub)
        else:
            invoice.uncollectible_at = invoice.due + 60 * DAY
            self._plan(invoice.uncollectible_at, self._given_up, sub, fate)

    def _past_due(self, ts: int, sub: Subscription) -> None:
        if not sub.ended and sub.now.status == "active":
            sub.change(ts, status="past_due")

    def _recovered(self, ts: int, sub: Subscription) -> None:
        if not sub.ended and sub.now.status == "past_due":
            sub.change(ts, status="active")

    def _given_up(self, ts: int, sub: Subscription, fate: str) -> None:
        if sub.ended or sub.now.status != "past_due":
            return
        if fate == "unpaid":
            sub.change(ts, status="unpaid")
        else:
            self._end(ts, sub, reason=FAILED)
