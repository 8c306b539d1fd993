"""The renewal calendar and pipeline of the demo company, recomputed in pandas."""

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest

from orchestration.home import Home
from tests.python.revenue.past_renewals import Past, approximately


@pytest.fixture(scope="module")
def warehouse(demo_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def as_of(warehouse: duckdb.DuckDBPyConnection) -> date:
    rows = warehouse.sql("select value from raw_loads.settings where name = 'as_of_date'")
    return date.fromisoformat(rows.fetchone()[0])


@pytest.fixture(scope="module")
def terms(warehouse: duckdb.DuckDBPyConnection) -> list[dict]:
    return warehouse.sql("select * from facts.fct_renewal").df().to_dict("records")


@pytest.fixture(scope="module")
def survivors(warehouse: duckdb.DuckDBPyConnection) -> dict[str, str]:
    rows = warehouse.sql("select account_id, merged_into_account_id from facts.dim_account")
    return {account: survivor or account for account, survivor in rows.fetchall()}


@pytest.fixture(scope="module")
def bands(warehouse: duckdb.DuckDBPyConnection) -> dict[tuple[str, date], str]:
    """The band of each account and day, from its spells instead of its days."""
    found = {}
    rows = warehouse.sql(
        "select account_id, band, started_on, ended_on from facts.fct_health_band_spell"
    )
    for account, band, start, end in rows.fetchall():
        for day in range((end - start).days):
            found[account, start + timedelta(days=day)] = band
    return found


@pytest.fixture(scope="module")
def past(terms: list[dict], bands: dict[tuple[str, date], str]) -> Past:
    return Past(terms, bands)


def test_renewal_rates_are_those_of_the_past(
    warehouse: duckdb.DuckDBPyConnection, past: Past, as_of: date
) -> None:
    sundays = [as_of - timedelta(days=as_of.isoweekday() % 7 + 7 * week) for week in (5, 30, 60)]
    for day in (as_of, *sundays):
        rows = warehouse.execute(
            "select segment, band_90d_before, terms, renewal_rate, rate_of_all"
            " from facts.fct_renewal_rate where forecast_on = ?",
            [day],
        ).fetchall()
        assert rows
        assert {band for _, band, *_ in rows} == {"green", "yellow", "red", "unknown"}
        for segment, band, count, rate, rate_of_all in rows:
            terms = past.decided(day, segment=segment, band=band)
            assert count == len(terms)
            assert rate == approximately(past.rate(day, segment, band))
            assert rate_of_all == approximately(past.rate_of_all(day))
        assert sum(count for _, _, count, *_ in rows) == len(past.decided(day))
    assert past.rate_of_all(as_of) is not None


def test_pipeline_is_the_sum_of_its_terms(
    warehouse: duckdb.DuckDBPyConnection,
    terms: list[dict],
    bands: dict[tuple[str, date], str],
    past: Past,
    survivors: dict[str, str],
    as_of: date,
) -> None:
    cells: dict[tuple[str, str], list[float | None]] = {}
    for term in terms:
        due = term["due_on"].date()
        days = (due - as_of).days
        if not 1 <= days <= 365:
            continue
        window = "0-90" if days <= 90 else "91-180" if days <= 180 else "181-365"
        judged = due - timedelta(days=90)
        band = (
            bands.get((term["account_id"], judged), "unknown")
            if judged <= as_of
            else bands.get((survivors[term["account_id"]], as_of), "unknown")
        )
        segment = term["segment"] if isinstance(term["segment"], str) else "unassigned"
        has_notice = not pd.isna(term["cancel_requested_at"])
        rate = 0 if has_notice else past.rate(as_of, segment, band)
        atr = float(term["atr"])
        expected = float(term["renewed_atr"]) if term["outcome"] != "pending" else None
        if expected is None and rate is not None:
            expected = atr * rate
        for value in ("all", segment):
            cell = cells.setdefault((window, value), [0, 0.0, 0.0])
            cell[0] += 1
            cell[1] += atr
            cell[2] = None if cell[2] is None or expected is None else cell[2] + expected
    rows = warehouse.sql(
        "select due_window, segment_value, terms, atr, expected from marts.mart_renewal_pipeline "
        "where segment_type in ('total', 'segment')"
    ).fetchall()
    assert {(window, value) for window, value, *_ in rows} == cells.keys()
    for window, value, count, atr, expected in rows:
        assert count == cells[window, value][0]
        assert float(atr) == pytest.approx(cells[window, value][1], abs=0.005)
        hoped = cells[window, value][2]
        assert (
            expected is None if hoped is None else float(expected) == pytest.approx(hoped, abs=0.01)
        ), (window, value)


def test_renewals_are_prepared_by_what_the_crm_has(
    warehouse: duckdb.DuckDBPyConnection, survivors: dict[str, str], as_of: date
) -> None:
    held = warehouse.sql(
        "select account_id, cast(occurred_at as date) as held_on from facts.fct_touchpoint "
        "where is_held"
    ).df()
    days = {
        account: sorted(row.date() for row in rows["held_on"])
        for account, rows in held.groupby("account_id")
    }
    first = min(min(found) for found in days.values())
    calendar = warehouse.sql("select * from marts.mart_renewal_calendar").df()
    for row in calendar.itertuples():
        end = row.term_end.date()
        start = end - timedelta(days=90)
        found = [day for day in days.get(survivors[row.account_id], []) if start <= day < end]
        expected = True if found else (False if first <= start <= as_of else None)
        assert (None if pd.isna(row.is_prepared) else bool(row.is_prepared)) is expected, row
    assert set(calendar["is_prepared"].dropna()) == {True, False}
