"""The renewal calendar and pipeline of the demo company, recomputed in pandas."""

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest

from orchestration.home import Home

LATE_RENEWAL = timedelta(days=90)
LEAST_TERMS = 20


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
def rates(
    terms: list[dict], bands: dict[tuple[str, date], str], as_of: date
) -> dict[str, tuple[int, float | None]]:
    past: dict[str, list[tuple[float, float]]] = {}
    first = date(as_of.year - 2, as_of.month, as_of.day)
    for term in terms:
        due = term["due_on"].date()
        if term["outcome"] != "pending" and first < due < as_of - LATE_RENEWAL:
            band = bands.get((term["account_id"], due - timedelta(days=90)), "unknown")
            past.setdefault(band, []).append((float(term["atr"]), float(term["renewed_atr"])))
    return {
        band: (
            len(seen),
            sum(renewed for _, renewed in seen) / sum(due for due, _ in seen)
            if len(seen) >= LEAST_TERMS
            else None,
        )
        for band, seen in past.items()
    }


def test_renewal_rates_are_those_of_the_past(
    warehouse: duckdb.DuckDBPyConnection, rates: dict[str, tuple[int, float | None]]
) -> None:
    rows = warehouse.sql("select band_90d_before, terms, renewal_rate from facts.fct_renewal_rate")
    found = {band: (terms, rate) for band, terms, rate in rows.fetchall()}
    assert found.keys() == rates.keys()
    for band, (terms, rate) in rates.items():
        assert found[band][0] == terms
        assert found[band][1] == (rate if rate is None else pytest.approx(rate, abs=1e-9))
    assert any(rate is not None for _, rate in rates.values())


def test_pipeline_is_the_sum_of_its_terms(
    warehouse: duckdb.DuckDBPyConnection,
    terms: list[dict],
    bands: dict[tuple[str, date], str],
    rates: dict[str, tuple[int, float | None]],
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
        rate = rates.get(band, (0, None))[1]
        atr = float(term["atr"])
        expected = float(term["renewed_atr"]) if term["outcome"] != "pending" else None
        if expected is None and rate is not None:
            expected = atr * rate
        segment = term["segment"] if isinstance(term["segment"], str) else "unassigned"
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
