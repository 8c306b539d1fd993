"""The life of one account: its hidden state, and what it decides because of it."""

import math
from dataclasses import dataclass, field
from random import Random

from demo import catalog, offers
from demo.accounts import LEAVER, LEAVES, Account, csm_id
from demo.billing import Item, Reason, Subscription, seats_of
from demo.book import REQUESTED, Book
from demo.catalog import ADD_ONS, CONNECT, CORE, PLANS, Price, list_price
from demo.clock import DAY, HOUR, add_months, day_date, moment_in, month_of, month_start
from demo.invoicing import Line
from demo.offers import REDUCTION, Offer, yearly_amount
from demo.people import People
from demo.records import Deal, Departure, MonthRecord
from demo.streams import stream

REASONS: tuple[tuple[str, str, str, bool], ...] = (
    ("too_expensive", "Price", "Budget cut", True),
    ("missing_features", "Product gap", "Reporting did not cover their case", True),
    ("switched_service", "Competitor", "Moved to a competitor", True),
    ("unused", "Low adoption", "The team stopped using it", True),
    ("customer_service", "Support", "Unhappy with response times", True),
    ("too_complex", "Complexity", "Set-up took too long", True),
    ("other", "Company closed", "Out of business", False),
    ("other", "Acquired", "Acquired; the parent uses another tool", False),
)


@dataclass(slots=True)
class Life:
    """One account through the months."""

    account: Account
    seed: int
    book: Book
    people: People
    csms: int
    latent: list[float] = field(default_factory=list)
    months: list[MonthRecord] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)
    locked: dict[str, int] = field(default_factory=dict)
    decided: set[tuple[str, int]] = field(default_factory=set)
    dips: dict[int, float] = field(default_factory=dict)
    shock: float = 0.0
    current: int = -240
    offer: Offer | None = None

    # --- the hidden state -----------------------------------------------------------------

    def month(self, month: int) -> None:
        """Live through one month."""
        account = self.account
        self.current = month
        rng = stream(self.seed, "life", account.index, month)
        self._drift(rng)
        satisfaction = 0.8 * self.latent[-1] + 0.35 * rng.gauss(0, 1)
        # A story says itself which payments fail.
        risk = 0.006 + 0.06 / (1 + math.exp(1.5 + 2.2 * self.latent[-1]))
        self.book.collector.risk = 0.0 if account.story else risk
        self.book.collector.recovery = 0.94 if self.latent[-1] > -0.3 else 0.72
        self._manager(month)
        if not account.story and not account.prospect:
            if month_of(account.start) == month:
                self.book.plan(account.start, self.sign)
            self._attributes(rng, month)
            for sub in self.book.subs:
                if sub.active and not sub.now.cancel_at_period_end:
                    self._decide(rng, month, sub)
        self.book.run(month_start(month + 1))
        seats, tier, add_ons = self._owned()
        self.people.month(month, seats, self.latent[-1], account.start)
        if self.people.champion_left(month):
            self.shock -= 0.7
        self.months.append(MonthRecord(month, self.latent[-1], satisfaction, seats, tier, add_ons))

    def _drift(self, rng: Random) -> None:
        mean = self.account.mean
        before = self.latent[-1] if self.latent else mean + 0.4
        step = mean + 0.9 * (before - mean) + 0.33 * rng.gauss(0, 1) + self.shock
        step += self.dips.pop(self.current, 0.0)
        self.shock = 0.0
        if rng.random() < 0.02:
            # A reorganisation, a new executive, a failed roll-out.
            step -= 0.9
        self.latent.append(max(-3.2, min(2.8, step)))

    def sour(self, ts: int) -> None:
        """The mood goes down in the months before a moment that is known already."""
        for before, drop in ((5, -0.7), (3, -0.8), (2, -0.5)):
            month = month_of(ts) - before
            self.dips[month] = self.dips.get(month, 0.0) + drop

    def brighten(self, ts: int) -> None:
        """Back with good intentions."""
        self.dips[month_of(ts)] = 1.8

    def _owned(self) -> tuple[int, int, tuple[bool, ...]]:
        seats, tier, owned = 0, 0, set()
        for sub in self.book.subs:
            if not sub.usable:
                continue
            seats += seats_of(sub.now, CORE)
            for item in sub.now.items:
                owned.add(item.price.product)
                if item.price.product == CORE and item.price.nickname in PLANS:
                    tier = max(tier, PLANS.index(item.price.nickname))
        return seats, tier, tuple(add_on in owned for add_on in ADD_ONS)

    def lagged(self) -> float:
        """What the account felt one to three months ago: decisions follow moods slowly."""
        past = self.latent[-4:-1] or self.latent
        return sum(past) / len(past)

    # --- buying ---------------------------------------------------------------------------

    def prepare(self) -> None:
        """Sales expects a contract."""
        account = self.account
        offer = self.offer = offers.make(account, self.seed)
        won = not offer.lost and not account.prospect
        close = self.signing() if won else account.start + 20 * DAY
        amount = yearly_amount(offer.lines)
        created = account.created + DAY
        self.add_deal(Deal(created, close, "New Business", amount, account.currency, won))

    def signing(self) -> int:
        """When the first contract is signed: larger customers often do some weeks ahead of it."""
        account, rng = self.account, stream(self.seed, "signing", self.account.index)
        if account.segment == "SMB" or rng.random() < 0.4:
            return account.start
        return max(account.start - int((5 + 25 * rng.random()) * DAY), account.created + 3 * DAY)

    def sign(self, ts: int) -> None:
        """The first contract starts."""
        offer, segment = self.offer, self.account.segment
        fee = None
        if segment != "SMB" and not offer.trial_days:
            cents = 150_000 if segment == "Mid-Market" else 600_000
            fee = self.fee("Onboarding fee", cents, ts)
        send = offer.lines[0][0].interval == "year" and segment != "SMB"
        sub = self.book.start(
            ts,
            offer.lines,
            trial_days=offer.trial_days,
            coupon=offer.coupon,
            collection="send_invoice" if send else "charge_automatically",
            fee=fee,
        )
        if offer.lost:
            reason = (REQUESTED, "unused", None)
            self.book.plan(ts + 9 * DAY, self.book.cancel_at_end, sub, reason)
        if offer.growth:
            self.ramp(sub, offer.growth)

    def fee(self, name: str, cents: int, ts: int, quantity: int = 1) -> Line:
        """An invoice line for something sold once."""
        currency = self.account.currency
        price = catalog.one_time(name, currency, catalog.local_amount(cents, currency))
        return Line(price.unit_amount * quantity, name, ts, ts, price, quantity)

    def ramp(self, sub: Subscription, growth: float) -> None:
        """A three-year contract whose seats grow at each anniversary."""
        items = sub.now.items
        phases = []
        for year in (1, 2):
            items = tuple(
                Item(i.id, i.price, math.ceil(i.quantity * (1 + growth)), i.created) for i in items
            )
            phases.append((add_months(sub.start_date, 12 * year) - 2 * DAY, items))
        self.book.next_items[sub.id] = phases
        self.locked[sub.id] = add_months(sub.start_date, 36)

    def deal(
        self, ts: int, kind: str, sub: Subscription, *, won: bool, lead: int, share: float = 1.0
    ) -> None:
        """Record an opportunity that closes at a moment; it was never known before its month."""
        lines = [(item.price, item.quantity) for item in sub.now.items if item.price.licensed]
        created = max(ts - lead, month_start(self.current) + 9 * HOUR)
        amount = yearly_amount(lines) * share
        self.add_deal(Deal(min(created, ts), ts, kind, amount, sub.currency, won))

    def add_deal(self, deal: Deal) -> None:
        """Keep an opportunity."""
        self.deals.append(deal)

    # --- deciding -------------------------------------------------------------------------

    def _decide(self, rng: Random, month: int, sub: Subscription) -> None:
        mood = self.lagged()
        ts = moment_in(month, rng.random())
        draw = rng.random
        if self._leaving(rng, month, sub, mood):
            return
        if sub.states[0].at > month_start(month) - 45 * DAY:
            return
        seats = seats_of(sub.now, CORE)
        spread = draw()
        if draw() < 0.1 / (1 + math.exp(-1.5 * (mood - 0.1))):
            self._grow(ts, sub, max(seats + 1, round(seats * (1.04 + 0.2 * spread))))
        elif draw() < 0.022 / (1 + math.exp(1.6 * (mood + 0.4))):
            self.book.plan(ts, self.book.seats, sub, max(2, round(seats * (0.95 - 0.25 * spread))))
        elif draw() < 0.007 and mood > 0:
            self.book.plan(ts, self.upgrade, sub, spread < 0.3)
        elif draw() < 0.01 and mood > -0.2:
            self.book.plan(ts, self.cross_sell, sub, spread)
        elif draw() < 0.003 and len(sub.now.items) > 1:
            product = sub.now.items[-1].price.product
            self.book.plan(ts, self.book.drop, sub, product)
        elif draw() < 0.03 and mood < -0.7 and sub.now.discount is None and sub.interval == "month":
            save = catalog.coupon("repeating", percent=20, months=3)
            self.book.plan(ts, self.book.discount, sub, save)
        elif draw() < 0.012 and sub.interval == "month" and sub.interval_count == 1:
            months = 1 + int(spread * 3)
            self.break_off(sub, months)
        elif draw() < 0.006:
            days = 1 + int(spread * 4)
            self.book.plan(ts, self._training, days)

    def _training(self, ts: int, days: int) -> None:
        self.book.one_off(ts, [self.fee("Training day", 120_000, ts, days)])

    def _grow(self, ts: int, sub: Subscription, seats: int) -> None:
        self.book.plan(ts, self.book.seats, sub, min(seats, max(4, self.account.employees)))
        before = seats_of(sub.now, CORE)
        if before and seats > before * 1.1:
            self.deal(ts, "Expansion", sub, won=True, lead=25 * DAY, share=seats / before - 1)

    def break_off(self, sub: Subscription, months: int) -> None:
        """Pause at the end of the period for some months."""
        first = sub.now.period_end - HOUR
        back = add_months(sub.now.period_end, months) - HOUR
        self.book.plan(first, self.book.pause, sub, back)
        self.book.plan(back, self.book.resume, sub)

    def upgrade(self, ts: int, sub: Subscription, replace_item: bool = False) -> None:
        """One plan up, at the list of the year."""
        for item in sub.now.items:
            if item.price.product == CORE and item.price.nickname in PLANS[:-1]:
                plan = PLANS[PLANS.index(item.price.nickname) + 1]
                price = self.current_price(
                    sub, CORE, plan, ts, reduction=REDUCTION[self.account.segment][0]
                )
                if price.unit_amount > item.price.unit_amount:
                    self.book.swap(ts, sub, CORE, price, same_item=not replace_item)
                return

    def current_price(
        self, sub: Subscription, product: str, plan: str, ts: int, reduction: float = 0.0
    ) -> Price:
        """A price of today's list that fits a subscription."""
        return list_price(
            product,
            plan,
            sub.currency,
            sub.interval,
            sub.interval_count,
            year=day_date(ts // DAY).year,
            reduction=reduction,
        )

    def cross_sell(self, ts: int, sub: Subscription, draw: float) -> None:
        """One more product."""
        owned = {item.price.product for item in sub.now.items}
        free = [add_on for add_on in ADD_ONS if add_on not in owned]
        if not free or not sub.active or sub.interval in ("day", "week"):
            return
        product = free[int(draw * len(free))]
        plan = "Connect commitment" if product == CONNECT else catalog.PRODUCTS[product][0]
        price = self.current_price(sub, product, plan, ts, REDUCTION[self.account.segment][0])
        quantity = 1 if product == CONNECT else seats_of(sub.now, CORE)
        if quantity:
            self.book.add(ts, sub, price, quantity)
            self.deal(ts, "Expansion", sub, won=True, lead=30 * DAY, share=0.2)

    def _leaving(self, rng: Random, month: int, sub: Subscription, mood: float) -> bool:
        draw, spread, pick = rng.random(), rng.random(), rng.random()
        end = sub.now.period_end
        long = sub.interval == "year"
        if long:
            if month_of(end) != month + 1 or (sub.id, end) in self.decided:
                return False
            self.decided.add((sub.id, end))
            if self.locked.get(sub.id, 0) > end + DAY:
                return False
            chance = 1 / (1 + math.exp(3.3 + 3.4 * mood))
        else:
            chance = 0.2 / (1 + math.exp(3.7 + 3.4 * mood))
        ts = moment_in(month, spread)
        lead = int((20 + 40 * spread) * DAY)
        if draw >= chance:
            if long:
                self.book.plan(end - 3 * DAY, self._renewed, sub, pick)
                self.deal(end, "Renewal", sub, won=True, lead=lead)
            elif rng.random() < 0.045:
                self.book.next_items[sub.id] = [(ts, self._raised(sub, ts))]
            return False
        ts = min(ts, end - HOUR)
        spot = int(pick * len(REASONS)) if mood > 0 else int(pick * (len(REASONS) - 2))
        code, reason, detail, controllable = REASONS[spot]
        self.book.plan(ts, self._give_notice, sub, (REQUESTED, code, detail), reason, controllable)
        if long:
            self.deal(end, "Renewal", sub, won=False, lead=lead)
        if rng.random() < 0.14:
            self.book.plan(end + int((20 + 65 * rng.random()) * DAY), self.come_back, sub)
        elif rng.random() < 0.1:
            self.book.plan(end + int((100 + 220 * rng.random()) * DAY), self.come_back, sub)
        return True

    def _give_notice(
        self, ts: int, sub: Subscription, reason: Reason, label: str, controllable: bool
    ) -> None:
        if not sub.active:
            return
        self.book.cancel_at_end(ts, sub, reason)
        self.departures.append(Departure(sub.now.period_end, label, reason[2] or "", controllable))

    def _renewed(self, ts: int, sub: Subscription, pick: float) -> None:
        staying = sub.active and not sub.now.cancel_at_period_end
        if staying and pick < 0.55 and not self.book.next_items.get(sub.id):
            self.book.next_items[sub.id] = [(ts, self._raised(sub, ts))]

    def _raised(self, sub: Subscription, ts: int) -> tuple[Item, ...]:
        """The same items at a price some per cent higher."""
        year = day_date(ts // DAY).year
        items = []
        for item in sub.now.items:
            price = item.price
            if price.licensed and price.product == CORE:
                price = catalog.raised(price, 1.05, year)
            items.append(Item(item.id, price, item.quantity, item.created))
        return tuple(items)

    def come_back(self, ts: int, old: Subscription) -> None:
        """A new subscription after the old one ended."""
        if not old.ended:
            return
        lines = [(i.price, i.quantity) for i in old.now.items if i.price.licensed]
        self.book.start(ts, lines, collection=old.collection)
        self.latent[-1] = max(self.latent[-1], 0.4)

    # --- attributes -------------------------------------------------------------------------

    def _attributes(self, rng: Random, month: int) -> None:
        """Segment and region change now and then."""
        account = self.account
        draw, when = rng.random(), rng.random()
        if month <= month_of(account.start):
            return
        ts = moment_in(month, when)
        segments = list(REDUCTION)
        if draw < 0.003 and account.segment != "Enterprise":
            self.book.plan(
                ts, self._set, "Segment__c", segments[segments.index(account.segment) + 1]
            )
        elif 0.01 < draw < 0.0115:
            regions = [r for r in ("North America", "EMEA", "APAC") if r != account.region]
            self.book.plan(ts, self._set, "Region__c", regions[int(when * 2)])

    def _manager(self, month: int) -> None:
        """Another customer success manager takes over."""
        account = self.account
        rng = stream(self.seed, "manager", account.index, month)
        ts = None
        if account.csm == csm_id(LEAVER) and month == month_of(LEAVES):
            ts = LEAVES - int(rng.random() * 10 * DAY)
        elif rng.random() < 0.006 and account.created < month_start(month):
            ts = moment_in(month, rng.random())
        if ts is not None:
            others = [csm_id(n) for n in range(self.csms) if n != LEAVER]
            old = account.csm
            account.csm = others[int(rng.random() * len(others))]
            if account.csm != old:
                account.change(ts, "CSM__c", old, account.csm)

    def _set(self, ts: int, field_name: str, value: str) -> None:
        account = self.account
        if field_name == "Segment__c":
            old, account.segment = account.segment, value
        else:
            old, account.region = account.region, value
        account.change(ts, field_name, old, value)
