"""Books, contact due, holders and saves in the demo company, walked through in Python."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest

from orchestration.home import Home


@pytest.fixture(scope="module")
def warehouse(demo_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def as_of(warehouse: duckdb.DuckDBPyConnection) -> date:
    rows = warehouse.sql("select value from raw_loads.settings where name = 'as_of_date'")
    return date.fromisoformat(rows.fetchone()[0])


def is_due(age: int) -> bool:
    """Weekly in the first 30 days, every other week in the next 30, then every 30 days."""
    if age <= 30:
        return age % 7 == 0
    if age <= 60:
        return (age - 30) % 14 == 0
    return (age - 60) % 30 == 0


def test_contact_is_due_on_the_days_of_the_cadence(
    warehouse: duckdb.DuckDBPyConnection, as_of: date
) -> None:
    lines = defaultdict(list)
    for account, start, end, arr in warehouse.sql(
        "select account_id, valid_from, coalesce(valid_to, date '9999-12-31'), arr "
        "from facts.fct_arr_line where account_id <> 'unassigned'"
    ).fetchall():
        lines[account].append((start, end, arr))
    touchpoints: Counter[tuple[str, date]] = Counter()
    reviews: Counter[tuple[str, date]] = Counter()
    for account, spans in lines.items():
        paying = [start for start, _, arr in spans if arr > 0]
        first = min(paying, default=as_of)
        for age in range(1, (as_of - first).days + 1):
            day = first + timedelta(days=age)
            if not (is_due(age) or age % 91 == 0):
                continue
            if sum(arr for start, end, arr in spans if start <= day < end) <= 0:
                continue
            touchpoints[account, day.replace(day=1)] += is_due(age)
            reviews[account, day.replace(day=1)] += age % 91 == 0
    rows = warehouse.sql(
        "select account_id, month, touchpoints_due, qbrs_due from facts.fct_account_care_month"
    ).fetchall()
    for account, month, touchpoints_due, qbrs_due in rows:
        assert touchpoints_due == touchpoints[account, month], (account, month)
        assert qbrs_due == reviews[account, month], (account, month)
    assert sum(row[2] for row in rows) > sum(row[3] for row in rows) > 0


def test_a_book_is_attributed_to_who_holds_it(warehouse: duckdb.DuckDBPyConnection) -> None:
    holders = defaultdict(list)
    for account, start, end, csm in warehouse.sql(
        "select account_id, valid_from, coalesce(valid_to, date '9999-12-31'), csm_id "
        "from intermediate.int_crm_account_history"
    ).fetchall():
        holders[account].append((start, end, csm))

    def holder(account: str, day: date) -> str:
        found = [csm for start, end, csm in holders[account] if start <= day < end]
        return (found[0] if found else None) or "unassigned"

    closes = dict(
        warehouse.sql("select distinct month, snapshot_on from facts.fct_account_month").fetchall()
    )
    opening, close = defaultdict(lambda: [0, 0, 0]), defaultdict(lambda: [0, 0, 0])
    changed = 0
    for account, month, csm, *amounts in warehouse.sql(
        "select account_id, month, csm_id, opening_arr, retained_arr, retained_arr_capped "
        "from facts.fct_account_retention_month"
    ).fetchall():
        now = holder(account, closes[month])
        changed += now != (csm or "unassigned")
        for book, name in ((opening, csm or "unassigned"), (close, now)):
            book[name, month] = [a + b for a, b in zip(book[name, month], amounts, strict=True)]
    assert changed > 0
    for csm, month, *found in warehouse.sql(
        "select csm_id, month, nrr, grr, nrr_held_at_close, grr_held_at_close "
        "from marts.mart_csm_book"
    ).fetchall():
        expected = []
        for book in (opening, close):
            base, retained, capped = book.get((csm, month), (0, 0, 0))
            expected += [float(retained / base), float(capped / base)] if base else [None, None]
        assert found == [
            value if value is None else pytest.approx(value, abs=1e-9) for value in expected
        ], (csm, month)


def test_a_risk_is_saved_when_its_account_pays_90_days_after_it_recovered(
    warehouse: duckdb.DuckDBPyConnection, as_of: date
) -> None:
    lines = defaultdict(list)
    for account, start, end in warehouse.sql(
        "select account_id, valid_from, coalesce(valid_to, date '9999-12-31') "
        "from facts.fct_arr_line where arr > 0"
    ).fetchall():
        lines[account].append((start, end))
    survivors = dict(
        warehouse.sql(
            "select account_id, merged_into_account_id from facts.dim_account "
            "where merged_into_account_id is not null"
        ).fetchall()
    )

    def pays(account: str, day: date) -> bool:
        # Only an account that is not merged yet has lines of its own on that day.
        holders = (account, survivors.get(account, account))
        return any(start <= day < end for name in holders for start, end in lines[name])

    later = timedelta(days=90)
    seen: Counter[str] = Counter()
    for account, signal, opened, closed, cause, outcome, decided in warehouse.sql(
        "select account_id, signal, opened_on, spells.closed_on, closed_by, outcome, decided_on "
        "from facts.fct_risk_signal_spell as spells "
        "join facts.fct_risk_signal_outcome using (account_id, signal, opened_on)"
    ).fetchall():
        if cause == "recovered":
            day = closed + later
            right = "pending" if day > as_of else "saved" if pays(account, day) else "lost"
        elif cause == "contract_ended":
            day, right = closed, "merged" if pays(account, closed) else "lost"
        elif cause == "no_data":
            day, right = closed, "no_data"
        else:
            day = closed or opened + later
            right = "not_recovered" if day <= as_of else "pending"
        assert outcome == right, (account, signal, opened)
        assert decided == (None if right in ("pending", "merged") else day)
        seen[outcome] += 1
    assert min(seen[name] for name in ("saved", "lost", "not_recovered", "pending")) > 0
    year = as_of.replace(year=as_of.year - 1)
    rates = warehouse.execute(
        "select saved, decided, save_rate from marts.mart_save_rate "
        "where signal = 'all' and segment_type = 'total'"
    ).fetchone()
    saved, decided = warehouse.execute(
        "select count(*) filter (outcome = 'saved'), count(*) "
        "from facts.fct_risk_signal_outcome where decided_on > ?",
        [year],
    ).fetchone()
    assert rates == (saved, decided, saved / decided)
