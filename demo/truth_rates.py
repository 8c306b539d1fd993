"""The truth of the rates: retention over twelve months, churn of a month, cohorts by start.

Amounts and counts, from which every rate is one division. In total and by one cut, the region,
which an account can change: the one at the opening of the window counts.
"""

from collections import defaultdict
from dataclasses import dataclass, fields

import pyarrow as pa

from demo import truth
from demo.accounts import Account
from demo.clock import DAY, month_date

YEAR = 12


@dataclass(slots=True)
class Retention:
    """What accounts had twelve months ago, and what is left of it."""

    opening_arr: int = 0
    retained_arr: int = 0
    retained_arr_capped: int = 0
    opening_accounts: int = 0
    retained_accounts: int = 0


@dataclass(slots=True)
class Churn:
    """What a month took and gave."""

    opening_arr: int = 0
    churned_arr: int = 0
    lost_arr: int = 0
    gained_arr: int = 0
    opening_accounts: int = 0
    churned_accounts: int = 0


@dataclass(slots=True)
class Cohort:
    """What accounts that began in one month have some months later."""

    cohort_arr: int = 0
    arr: int = 0
    capped_arr: int = 0
    cohort_accounts: int = 0
    accounts: int = 0


class Regions:
    """Where each account was on a day."""

    def __init__(self, accounts: list[Account]) -> None:
        """Know the accounts by their CRM id."""
        self.accounts = {account.id: account for account in accounts}

    def on(self, account_id: str, day: int) -> str:
        """The region at the end of a day."""
        account = self.accounts.get(account_id)
        if account is None:
            return truth.UNASSIGNED
        changes = [change for change in account.history if change.field == "Region__c"]
        known = [change for change in changes if change.ts // DAY <= day]
        if known:
            return known[-1].new
        return changes[0].old if changes else account.region


def _cuts(region: str) -> list[tuple[str, str]]:
    return [("total", "all"), ("region", region)]


def retention(
    ends: truth.MonthEnds, owner_of: dict[int, truth.Owner], regions: Regions
) -> dict[tuple, Retention]:
    """(month, segment_type, segment_value) -> the accounts that had ARR twelve months before."""
    merges = {o.first: o for o in owner_of.values() if o.second is not None}
    result: dict[tuple, Retention] = defaultdict(Retention)
    for month in range(YEAR, len(ends.days)):
        then: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for account, cents in ends.cents.items():
            if cents[month - YEAR]:
                merge = merges.get(account)
                moved = merge is not None and merge.day <= ends.days[month]
                region = regions.on(account, ends.days[month - YEAR])
                then[merge.second if moved else account].append((cents[month - YEAR], region))
        for account, parts in then.items():
            opening = sum(cents for cents, _ in parts)
            now = ends.cents[account][month] if account in ends.cents else 0
            for cut in _cuts(max(parts)[1]):
                row = result[month_date(month), *cut]
                row.opening_arr += opening
                row.retained_arr += now
                row.retained_arr_capped += min(now, opening)
                if account != truth.UNASSIGNED:
                    row.opening_accounts += 1
                    row.retained_accounts += now > 0
    return result


def churn(
    ends: truth.MonthEnds, months: list[truth.AccountMonth], regions: Regions
) -> dict[tuple, Churn]:
    """(month, segment_type, segment_value) -> what the month took."""
    result: dict[tuple, Churn] = defaultdict(Churn)
    for row in months:
        # The region at the opening; at the close for who opens without ARR.
        day = ends.days[row.month - 1] if row.opening else ends.days[row.month]
        delta = row.closing - row.opening - row.transfer
        for cut in _cuts(regions.on(row.account, day)):
            sums = result[month_date(row.month), *cut]
            sums.opening_arr += row.opening
            if row.movement in ("churn", "contraction"):
                sums.lost_arr -= delta
            if row.movement in ("expansion", "reactivation"):
                sums.gained_arr += delta
            if row.movement == "churn":
                sums.churned_arr -= delta
            if row.account != truth.UNASSIGNED:
                sums.opening_accounts += row.opening > 0
                sums.churned_accounts += row.movement == "churn"
    return result


def cohorts(signed: truth.MonthEnds) -> dict[tuple, Cohort]:
    """(cohort_month, age_months) -> accounts by the month of their first ARR.

    An account that merged later keeps what its own contracts bring.
    """
    result: dict[tuple, Cohort] = defaultdict(Cohort)
    for account, cents in signed.cents.items():
        first = next((month for month, value in enumerate(cents) if value), None)
        if first is None:
            continue
        for month in range(first, len(cents)):
            row = result[month_date(first), month - first]
            row.cohort_arr += cents[first]
            row.arr += cents[month]
            row.capped_arr += min(cents[month], cents[first])
            if account != truth.UNASSIGNED:
                row.cohort_accounts += 1
                row.accounts += cents[month] > 0
    return result


def _table(found: dict[tuple, object], keys: dict[str, pa.DataType], kind: type) -> pa.Table:
    rows = sorted(found)
    columns = {name: [row[spot] for row in rows] for spot, name in enumerate(keys)}
    schema = dict(keys)
    for item in fields(kind):
        columns[item.name] = [getattr(found[row], item.name) for row in rows]
        schema[item.name] = truth.MONEY if "arr" in item.name else pa.int64()
    return truth.table(columns, schema)


def tables(
    facts: list[truth.AccountFacts], owner_of: dict[int, truth.Owner], ends: truth.MonthEnds
) -> dict[str, pa.Table]:
    """The truth files of the rates."""
    regions = Regions([fact.account for fact in facts])
    signers = {index: truth.Owner(owner.first) for index, owner in owner_of.items()}
    cut = {"month": pa.date32(), "segment_type": pa.string(), "segment_value": pa.string()}
    ages = {"cohort_month": pa.date32(), "age_months": pa.int64()}
    months = truth.account_month_rows(ends)
    return {
        "retention_month": _table(retention(ends, owner_of, regions), cut, Retention),
        "churn_month": _table(churn(ends, months, regions), cut, Churn),
        "cohort_month": _table(cohorts(truth.month_ends(facts, signers, ends.until)), ages, Cohort),
    }
