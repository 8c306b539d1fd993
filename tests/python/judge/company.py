"""A company of many lives: built at once, judged life by life, failures shrunk.

Building costs seconds whatever the number of lives; so a failing life is shrunk in rounds, each of
which builds all simpler variants of all failing lives as one further company.
"""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from orchestration.home import DOMAINS
from tests.python.cases.company import Built, build
from tests.python.judge.stripe_export import Teller, Telling, is_whole, write
from tests.python.judge.stripe_life import Action, Life, Played, Start, play
from tests.python.judge.stripe_oracle import Oracle, month_ends
from tests.python.judge.stripe_world import THREE_DECIMAL, Coupon, Price

SOURCES = {domain: ["files"] for domain in DOMAINS} | {"billing": ["stripe", "files"]}
TARGETS = (
    "fct_account_month",
    "fct_arr_movement",
    "mart_arr_tie_out",
    "mart_data_gaps",
    "fct_data_gap",
)
# A cent a line and rounding of four decimals per interval.
TOLERANCE = Decimal("0.05")


@dataclass(frozen=True)
class Case:
    """A life and how it is told."""

    life: Life
    telling: Telling

    @property
    def name(self) -> str:
        return self.life.name

    def named(self, name: str) -> Case:
        """The same with ids of its own."""
        life = self.life
        old = life.name
        prices = tuple(replace(p, id=p.id.replace(old, name, 1)) for p in life.prices)
        coupons = tuple(replace(c, id=c.id.replace(old, name, 1)) for c in life.coupons)
        return Case(replace(life, name=name, prices=prices, coupons=coupons), self.telling)


@dataclass(frozen=True)
class Finding:
    """What the warehouse says of a life, against what is true."""

    case: Case
    kind: str
    what: str
    is_told_of: bool

    def story(self) -> str:
        told = play(self.case.life).story
        return "\n".join(
            [f"{self.kind}: {self.what}", f"telling: {self.case.telling}", *_shortened(told)]
        )


def _shortened(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for n, line in enumerate(lines):
        dull = line.endswith(": renews") or "invoice:" in line
        if not dull or n < 4 or any(not _dull(x) for x in lines[max(0, n - 2) : n + 2]):
            kept.append(line)
        elif kept[-1] != "…":
            kept.append("…")
    return kept


def _dull(line: str) -> bool:
    return line.endswith(": renews") or "invoice:" in line


def collected(strategy_of, count: int, start: int = 0) -> list:
    """So many examples of a strategy; the same for the same start."""
    found: list = []

    @seed(start)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def collect(data) -> None:
        found.append(data.draw(strategy_of(f"L{start}x{len(found)}")))

    collect()
    return found


class Company:
    """Lives that were built together."""

    def __init__(self, cases: Sequence[Case], targets: tuple[str, ...] = TARGETS) -> None:
        self.cases = cases
        self.played: list[Played] = [play(case.life) for case in cases]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            tellers = [Teller(p, c.telling) for p, c in zip(self.played, cases, strict=True)]
            exports = write(folder / "exports", tellers)
            self.built: Built = build(folder / "home", exports, sources=SOURCES, targets=targets)
            self._read()
            self.built.connection.close()

    def _read(self) -> None:
        rows = self.built.rows
        self.load_errors = dict(self.built.load_errors)
        self.arr: dict[str, dict[date, Decimal]] = {}
        self.movement: dict[str, dict[date, tuple[str, Decimal]]] = {}
        for account, month, closing, opening, movement, transfer in rows(
            "select account_id, month, closing_arr, opening_arr, movement, transfer_arr"
            " from facts.fct_account_month"
        ):
            self.arr.setdefault(account, {})[month] = closing
            if movement not in ("none", "unchanged"):
                change = closing - opening - transfer
                self.movement.setdefault(account, {})[month] = (movement, change)
        self.tie_out: dict[str, list[tuple]] = {}
        if "mart_arr_tie_out" in self.built.built:
            for row in rows(
                "select account_id, month, expected_revenue, billed_revenue, variance, reason,"
                " is_exception, variance_unexplained from marts.mart_arr_tie_out"
            ):
                self.tie_out.setdefault(row[0], []).append(row[1:])
        # What is named, by objects or in words: gaps and messages, not what is merely informed of.
        self.named = [
            " ".join(str(part) for part in row if part is not None)
            for row in rows(
                "select severity, gap, object_id, account_id, what_is_missing"
                " from facts.fct_data_gap where severity <> 'info'"
                " union all select severity, source_table, column_name, null, message"
                " from raw_loads.messages where severity <> 'info'"
            )
        ]

    def findings(self) -> list[Finding]:
        found: list[Finding] = []
        for case, played in zip(self.cases, self.played, strict=True):
            found += self.judge(case, played)
        return found

    def is_named(self, name: str) -> list[str]:
        """What is said about the objects of a life."""
        ours = re.compile(rf"_{name}(?![0-9])")
        return [line for line in self.named if ours.search(line)]

    def judge(self, case: Case, played: Played) -> list[Finding]:
        oracle = Oracle(played)
        if oracle.is_overlapping():
            return []
        name = case.life.name
        told_of = any("rows were rejected" not in line for line in self.is_named(name))
        for account in oracle.accounts:
            for day in month_ends():
                true = oracle.standing(account, day).arr
                have = self.arr.get(account, {}).get(day.replace(day=1), Decimal(0))
                if abs(true - have) > TOLERANCE:
                    what = (
                        f"{account} at {day}: ARR {true:.2f} expected, {have:.2f} in the warehouse"
                    )
                    return [Finding(case, "arr", what, told_of)]
        found = self._movements(case, oracle, told_of)
        if not case.telling.lost and case.telling.has_invoices:
            found = found or self._tie_out(case, oracle, told_of)
        # That an event stands in a file twice is said by the loader, and no alarm.
        alarms = [line for line in self.is_named(name) if "rows were rejected" not in line]
        if case.life.currency in THREE_DECIMAL:
            alarms = [line for line in alarms if "invoice_not_itemised" not in line]
        if not found and alarms and is_whole(played, case.telling):
            return [Finding(case, "false_alarm", alarms[0], told_of)]
        return found

    def _movements(self, case: Case, oracle: Oracle, told_of: bool) -> list[Finding]:
        if len(oracle.accounts) > 1:
            return []
        for account in oracle.accounts:
            true = oracle.movements(account)
            have = self.movement.get(account, {})
            for month in sorted({**true, **have}):
                expected, found = true.get(month), have.get(month)
                if expected and found and expected[0] == found[0]:
                    continue
                if not expected and found and abs(found[1]) <= TOLERANCE:
                    continue
                if not found and expected and abs(expected[1]) <= TOLERANCE:
                    continue
                what = f"{account} in {month:%Y-%m}: {expected} expected, {found} in the warehouse"
                return [Finding(case, "movement", what, told_of)]
        return []

    def _tie_out(self, case: Case, oracle: Oracle, told_of: bool) -> list[Finding]:
        for account in oracle.accounts:
            exceptions = {row[0] for row in self.tie_out.get(account, []) if row[5]}
            for months in oracle.months_of_wrong_bills(account):
                if not exceptions.issuperset(months):
                    what = f"{account}: a wrong bill of {months[0]:%Y-%m} is no exception"
                    return [Finding(case, "untold_bill", what, told_of)]
        if (
            not oracle.is_billed()
            or oracle.has_two_causes_in_a_period()
            or oracle.is_changed_after_the_bill_of_its_day()
        ):
            return []
        for account in oracle.accounts:
            for row in self.tie_out.get(account, []):
                month, expected, billed, variance, reason, is_exception, unexplained = row
                if is_exception:
                    what = (
                        f"{account} in {month:%Y-%m}: an exception ({reason}), expected {expected},"
                        f" billed {billed}, variance {variance}, unexplained {unexplained}"
                    )
                    return [Finding(case, "tie_out", what, told_of)]
        return []


# -- shrinking ---------------------------------------------------------------------------------


def simpler(case: Case) -> Iterable[Case]:
    """Cases that are a little smaller than this one."""
    life, telling = case.life, case.telling
    for less in _simpler_tellings(telling):
        yield Case(life, less)
    for less in _simpler_lives(life):
        if less != life:
            yield Case(less, telling)


def _simpler_tellings(telling: Telling) -> Iterable[Telling]:
    plain = Telling()
    for name in ("shape", "is_expanded", "tiers", "order", "lost", "twice", "has_invoices"):
        if getattr(telling, name) != getattr(plain, name):
            yield replace(telling, **{name: getattr(plain, name)})
    for lost in _without_one(telling.lost):
        yield replace(telling, lost=lost)


def _simpler_lives(life: Life) -> Iterable[Life]:
    if len(life.subscriptions) > 1:
        for kept in _without_one(life.subscriptions):
            yield replace(life, subscriptions=kept)
    yield replace(life, customer_coupon=None)
    yield replace(life, coupons=life.coupons[:-1])
    if len(life.prices) > 1:
        yield replace(life, prices=life.prices[:-1])
    for prices in _with_one(life.prices, _simpler_prices):
        yield replace(life, prices=prices)
    for coupons in _with_one(life.coupons, _simpler_coupons):
        yield replace(life, coupons=coupons)
    for starts in _with_one(life.subscriptions, _simpler_starts):
        yield replace(life, subscriptions=starts)
    if life.currency != "usd":
        prices = tuple(replace(each, currency="usd") for each in life.prices)
        coupons = tuple(replace(c, currency=c.currency and "usd") for c in life.coupons)
        yield replace(life, currency="usd", prices=prices, coupons=coupons)


def _without_one(parts: tuple) -> Iterable[tuple]:
    for n in range(len(parts)):
        yield (*parts[:n], *parts[n + 1 :])


def _with_one(parts: tuple, simpler_of: Callable) -> Iterable[tuple]:
    for n, part in enumerate(parts):
        for other in simpler_of(part):
            yield (*parts[:n], other, *parts[n + 1 :])


def _simpler_prices(price: Price) -> Iterable[Price]:
    yield replace(
        price,
        unit_amount=Decimal(10_000),
        tiers_mode=None,
        tiers=(),
        divide_by=None,
        round=None,
        usage="licensed",
    )
    yield replace(price, interval="month", count=1)


def _simpler_coupons(coupon: Coupon) -> Iterable[Coupon]:
    yield replace(coupon, percent_off=Decimal(50), amount_off=None, currency=None)
    yield replace(coupon, products=())


def _simpler_starts(start: Start) -> Iterable[Start]:
    actions = start.actions
    half = len(actions) // 2
    if half > 1:
        yield replace(start, actions=actions[:half])
        yield replace(start, actions=actions[half:])
    for kept in _without_one(actions):
        yield replace(start, actions=kept)
    if len(start.items) > 1:
        for kept in _without_one(start.items):
            yield replace(start, items=kept)
    for items in _with_one(start.items, lambda item: [(item[0], 1)]):
        yield replace(start, items=items)
    yield replace(start, how="active")
    yield replace(start, second=0)
    if start.day not in (0, 700):
        yield replace(start, day=700)
        yield replace(start, day=0)
    for changed in _with_one(actions, _simpler_actions):
        yield replace(start, actions=changed)


def _simpler_actions(action: Action) -> Iterable[Action]:
    yield replace(action, proration="none")
    yield replace(action, days=min(action.days, 10))
    yield replace(action, a=0)
    yield replace(action, b=action.b // 2)
    yield replace(action, b=0)


def size(case: Case) -> tuple:
    """What is smaller comes first."""
    life = case.life
    actions = [a for s in life.subscriptions for a in s.actions]
    return (
        len(life.subscriptions),
        len(actions),
        sum(len(s.items) for s in life.subscriptions),
        len(life.prices) + len(life.coupons) + (life.customer_coupon is not None),
        len(case.telling.lost),
        len(repr(life)),
        sum(a.days + a.a + a.b for a in actions),
    )


def shrunk(
    findings: Sequence,
    rounds: int = 12,
    most: int = 10,
    *,
    company: Callable = Company,
    simpler: Callable = simpler,
    size: Callable = size,
) -> list:
    """The smallest case of each finding that still fails in the same way."""
    best, chance = list(findings), random.Random(1)
    stuck = 0
    for turn in range(rounds):
        tried: list[Case] = []
        owner: dict[str, int] = {}
        for n, finding in enumerate(best):
            variants = sorted(simpler(finding.case), key=size)
            if len(variants) > 2 * most:
                variants = variants[:most] + chance.sample(variants[most:], most)
            for k, case in enumerate(variants):
                name = f"S{turn}x{n}x{k}"
                owner[name] = n
                tried.append(case.named(name))
        if not tried:
            break
        again = company(tried).findings()
        better: dict[int, Finding] = {}
        for finding in again:
            n = owner[finding.case.name]
            if finding.kind != best[n].kind or finding.is_told_of != best[n].is_told_of:
                continue
            if size(finding.case) < size(best[n].case) and (
                n not in better or size(finding.case) < size(better[n].case)
            ):
                better[n] = finding
        stuck = 0 if better else stuck + 1
        if stuck == 2:
            break
        for n, finding in better.items():
            best[n] = finding
    return best
