"""The truth: ARR, movements and churn per account and month, written apart and never loaded.

It follows the metric definitions from the simulator's own states, in plain Python, so that it
can be read beside the SQL and compared with it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pyarrow as pa

from demo.accounts import Account
from demo.arr import LineHistory
from demo.clock import DAY, day_date, day_number, month_date, month_of
from demo.names import FREE_MAIL

UNASSIGNED = "unassigned"
MONEY = pa.decimal128(18, 2)


@dataclass(slots=True)
class AccountFacts:
    """What the truth needs to know of one simulated account."""

    account: Account
    lines: list[LineHistory]
    states: list[tuple[int, float, float, int]] = field(default_factory=list)


@dataclass(slots=True)
class Owner:
    """The account a line belongs to, and from a merge on the survivor."""

    first: str
    second: str | None = None
    day: int | None = None


def owners(accounts: list[Account], cut: int) -> dict[int, Owner]:
    """Whom the billing of each account belongs to, as known before a moment."""
    by_index = {account.index: account for account in accounts}
    sites: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        if account.crm and not _gone(account, cut):
            sites[account.domain].append(account)
    result = {}
    for account in accounts:
        if account.billing_key:
            found = account
        else:
            same = sites.get(account.mail_domain, [])
            usable = account.mail_domain not in FREE_MAIL and len(same) == 1
            found = same[0] if usable else None
        if found is None:
            result[account.index] = Owner(UNASSIGNED)
        elif _merged(found, cut):
            survivor = by_index[found.merged_into]
            result[account.index] = Owner(found.id, survivor.id, found.merged_at // DAY)
        else:
            result[account.index] = Owner(found.id)
    return result


def _merged(account: Account, cut: int) -> bool:
    return account.merged_at is not None and account.merged_at < cut


def _deleted(account: Account, cut: int) -> bool:
    return account.deleted_at is not None and account.deleted_at < cut


def _gone(account: Account, cut: int) -> bool:
    return _merged(account, cut) or _deleted(account, cut)


@dataclass(slots=True)
class Interval:
    """ARR of a line for one account, ``[start, stop)`` in days; open when stop is none."""

    item: str
    account: str
    start: int
    stop: int | None
    cents: int


def intervals(line: LineHistory, owner: Owner) -> list[Interval]:
    """The intervals of a line with ARR, cut where a merge moves it."""
    spans: list[Interval] = []
    for number, level in enumerate(line.levels):
        stop = line.levels[number + 1].day if number + 1 < len(line.levels) else None
        if stop == level.day or level.cents == 0:
            continue
        if spans and spans[-1].stop == level.day and spans[-1].cents == level.cents:
            spans[-1].stop = stop
        else:
            spans.append(Interval(line.item, owner.first, level.day, stop, level.cents))
    if owner.second is None:
        return spans
    result = []
    for span in spans:
        if span.start < owner.day:
            stop = owner.day if span.stop is None else min(span.stop, owner.day)
            result.append(Interval(span.item, owner.first, span.start, stop, span.cents))
        if span.stop is None or span.stop > owner.day:
            start = max(span.start, owner.day)
            result.append(Interval(span.item, owner.second, start, span.stop, span.cents))
    return result


@dataclass(slots=True)
class MonthEnds:
    """Closing ARR in cents and pauses per account at each month end."""

    until: date
    days: list[int]
    cents: dict[str, list[int]]
    paused: dict[str, list[bool]]
    transfers: dict[str, list[int]]


def closing_days(until: date) -> list[int]:
    """The last day of each month; of the last month, the export day."""
    last = month_of(day_number(until) * DAY)
    days = [day_number(month_date(month + 1)) - 1 for month in range(last)]
    return [*days, day_number(until)]


def month_ends(facts: list[AccountFacts], owner_of: dict[int, Owner], until: date) -> MonthEnds:
    """Add the lines up at every month end."""
    days = closing_days(until)
    months = len(days)
    ends = MonthEnds(
        until,
        days,
        defaultdict(lambda: [0] * months),
        defaultdict(lambda: [False] * months),
        defaultdict(lambda: [0] * months),
    )
    for fact in facts:
        owner = owner_of[fact.account.index]
        for line in fact.lines:
            spans = intervals(line, owner)
            # A line that was over before the merge was the old account's to lose.
            goes_on = any(span.account == owner.second for span in spans)
            for span in spans:
                for month in _months_covered(days, span.start, span.stop):
                    ends.cents[span.account][month] += span.cents
                    if goes_on:
                        _move(ends, owner, span, month)
            for start, stop in line.pauses:
                for month in _months_covered(days, start, stop):
                    moved = owner.second is not None and days[month] >= owner.day
                    ends.paused[owner.second if moved else owner.first][month] = True
    return ends


def _move(ends: MonthEnds, owner: Owner, span: Interval, month: int) -> None:
    """A line that closed a month with the old account opens the next with the survivor."""
    after = month + 1
    if owner.second is None or span.account != owner.first or after >= len(ends.days):
        return
    if ends.days[month] < owner.day <= ends.days[after]:
        ends.transfers[owner.first][after] -= span.cents
        ends.transfers[owner.second][after] += span.cents


def _months_covered(days: list[int], start: int, stop: int | None) -> list[int]:
    """The months whose closing day lies in ``[start, stop)``."""
    return [m for m, day in enumerate(days) if start <= day and (stop is None or day < stop)]


def classify(
    opening: int, closing: int, *, ever: bool, paused_before: bool, paused_now: bool
) -> str:
    """The movement class, tested in the order of the definitions."""
    if opening == 0 and closing == 0:
        return "none"
    if opening == 0:
        if not ever:
            return "new"
        return "expansion" if paused_before else "reactivation"
    if closing == 0 and not paused_now:
        return "churn"
    if closing == opening:
        return "unchanged"
    return "expansion" if closing > opening else "contraction"


MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation")


@dataclass(slots=True)
class AccountMonth:
    """An account between two month ends, in cents."""

    account: str
    month: int
    opening: int
    transfer: int
    closing: int
    movement: str


def account_month_rows(ends: MonthEnds) -> list[AccountMonth]:
    """One row per account and month from the first ARR on."""
    rows = []
    nothing = [0] * len(ends.days)
    quiet = [False] * len(ends.days)
    for account in sorted(ends.cents):
        cents = ends.cents[account]
        paused = ends.paused.get(account, quiet)
        transfers = ends.transfers.get(account, nothing)
        ever = False
        for month, closing in enumerate(cents):
            opening = cents[month - 1] if month else 0
            base = opening + transfers[month]
            if not ever and base == 0 and closing == 0:
                continue
            movement = classify(
                base,
                closing,
                ever=ever,
                paused_before=month > 0 and paused[month - 1],
                paused_now=paused[month],
            )
            rows.append(AccountMonth(account, month, opening, transfers[month], closing, movement))
            ever = ever or base > 0 or closing > 0
    return rows


def account_months(ends: MonthEnds) -> pa.Table:
    """The account months as a table, with a column per movement."""
    rows: dict[str, list] = defaultdict(list)
    for row in account_month_rows(ends):
        rows["account_id"].append(row.account)
        rows["month"].append(month_date(row.month))
        rows["opening_arr"].append(row.opening)
        rows["closing_arr"].append(row.closing)
        rows["movement"].append(row.movement)
        delta = row.closing - row.opening - row.transfer
        for name in MOVEMENTS:
            rows[f"{name}_arr"].append(delta if name == row.movement else 0)
        rows["transfer_arr"].append(row.transfer)
    fields = ["account_id", "month", "opening_arr", "closing_arr", "movement"]
    fields += [f"{name}_arr" for name in MOVEMENTS] + ["transfer_arr"]
    types = {"account_id": pa.string(), "month": pa.date32(), "movement": pa.string()}
    return table(rows, {name: types.get(name, MONEY) for name in fields})


def table(rows: dict[str, list], schema: dict[str, pa.DataType]) -> pa.Table:
    """A table whose money columns are given in cents."""
    columns = []
    for name, kind in schema.items():
        values = rows[name]
        if kind == MONEY:
            values = [Decimal(value).scaleb(-2) for value in values]
        columns.append(pa.array(values, kind))
    return pa.table(columns, names=list(schema))


def line_intervals(facts: list[AccountFacts], owner_of: dict[int, Owner]) -> pa.Table:
    """ARR per line and interval."""
    rows: dict[str, list] = defaultdict(list)
    for fact in facts:
        for line in fact.lines:
            for span in intervals(line, owner_of[fact.account.index]):
                rows["subscription_item_id"].append(span.item)
                rows["account_id"].append(span.account)
                rows["valid_from"].append(day_date(span.start))
                rows["valid_to"].append(None if span.stop is None else day_date(span.stop))
                rows["arr"].append(span.cents)
    return table(
        rows,
        {
            "subscription_item_id": pa.string(),
            "account_id": pa.string(),
            "valid_from": pa.date32(),
            "valid_to": pa.date32(),
            "arr": MONEY,
        },
    )


def account_states(facts: list[AccountFacts]) -> pa.Table:
    """The hidden state behind each account and month, for back-tests."""
    rows: dict[str, list] = defaultdict(list)
    for fact in facts:
        for month, latent, satisfaction, seats in fact.states:
            rows["account_id"].append(fact.account.id if fact.account.crm else UNASSIGNED)
            rows["month"].append(month_date(month))
            rows["latent_health"].append(round(latent, 4))
            rows["satisfaction"].append(round(satisfaction, 4))
            rows["seats"].append(seats)
    return table(
        rows,
        {
            "account_id": pa.string(),
            "month": pa.date32(),
            "latent_health": pa.float64(),
            "satisfaction": pa.float64(),
            "seats": pa.int64(),
        },
    )
