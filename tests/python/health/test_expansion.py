"""Expansion signals, what became of them and whitespace in the demo company, by another route."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

from orchestration.home import Home

CHOSEN = ("seats", "plan", "cross_sell")
AGAINST = ("open_escalations", "days_past_due", "cancel_requested")
FOREVER = date(9999, 12, 31)


@pytest.fixture(scope="module")
def warehouse(demo_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def as_of(warehouse: duckdb.DuckDBPyConnection) -> date:
    rows = warehouse.sql("select value from raw_loads.settings where name = 'as_of_date'")
    return date.fromisoformat(rows.fetchone()[0])


@pytest.fixture(scope="module")
def measures(warehouse: duckdb.DuckDBPyConnection) -> dict[tuple[str, date], dict]:
    """Account and day -> every measure, None where it is not known."""
    rows = warehouse.sql(
        "select * from facts.fct_account_health_input_day as health "
        "join facts.fct_account_risk_input_day as risk using (account_id, date_day)"
    )
    names = rows.columns
    found = {}
    while batch := rows.fetchmany(50_000):
        for values in batch:
            row = dict(zip(names, values, strict=True))
            found[row["account_id"], row["date_day"]] = row
    return found


def test_seats_were_nearly_full_for_two_weeks_when_the_signal_opened(
    warehouse: duckdb.DuckDBPyConnection, measures: dict
) -> None:
    opened = warehouse.sql(
        "select account_id, opened_on, opened_value from facts.fct_expansion_signal_spell "
        "where signal = 'seats_nearly_full'"
    ).fetchall()
    assert opened
    for account, day, value in opened:
        assert value == measures[account, day]["seat_utilisation"]
        for back in range(14):
            row = measures[account, day - timedelta(days=back)]
            assert row["seat_utilisation"] >= 0.8, (account, day)


def asked(warehouse: duckdb.DuckDBPyConnection, measures: dict) -> set[tuple]:
    """Account, signal, day and whether it opened: from the measures themselves, not their runs."""
    spells = defaultdict(list)
    found = set()
    for account, signal, start, end in warehouse.sql(
        "select account_id, signal, opened_on, closed_on from facts.fct_expansion_signal_spell"
    ).fetchall():
        spells[account, signal].append((start, end or FOREVER))
        found.add((account, signal, start, True))
    for signal, measure, limit, volume, least in warehouse.sql(
        "select signal, measure, open_at::double, volume_measure, volume_at_least::double "
        "from seeds.expansion_signals where direction = 'above'"
    ).fetchall():
        for (account, day), row in measures.items():
            if day.day != 15 or row[measure] is None:
                continue
            enough = volume is None or (row[volume] is not None and row[volume] >= least)
            if row[measure] >= limit and enough:
                continue
            if not any(start <= day < end for start, end in spells[account, signal]):
                found.add((account, signal, day, False))
    return found


def test_what_became_of_each_signal_is_what_a_walk_through_the_ledger_finds(
    warehouse: duckdb.DuckDBPyConnection, measures: dict, as_of: date
) -> None:
    owners, lines, grown = defaultdict(list), defaultdict(list), defaultdict(list)
    for account, owner, start, end in warehouse.sql(
        "select account_id, owner_account_id, valid_from, valid_to "
        "from intermediate.int_account_ownership"
    ).fetchall():
        owners[account].append((owner, start, end or FOREVER))
    for account, start, end, arr in warehouse.sql(
        "select account_id, valid_from, valid_to, arr from facts.fct_arr_line"
    ).fetchall():
        lines[account].append((start, end or FOREVER, arr))
    for account, day, delta in warehouse.execute(
        "select account_id, effective_on, arr_delta from facts.fct_arr_movement "
        "where movement = 'expansion' and list_contains(?, subtype)", [list(CHOSEN)]
    ).fetchall():  # fmt: skip
        grown[account].append((day, delta))

    def owner(account: str, day: date) -> str | None:
        return next((name for name, start, end in owners[account] if start <= day < end), None)

    def arr(account: str, day: date) -> float:
        return sum(arr for start, end, arr in lines[owner(account, day)] if start <= day < end)

    expected = {}
    for account, signal, day, is_opening in asked(warehouse, measures):
        if arr(account, day) <= 0:
            continue
        chosen = []
        for days in (90, 180):
            last = day + timedelta(days=days)
            total = sum(
                delta
                for name in {name for name, *_ in owners[account]}
                for when, delta in grown[name]
                if day < when <= last and owner(account, when) == name
            )
            chosen.append(total if last <= as_of else None)
        expected[account, signal, day, is_opening] = tuple(chosen)
    found = {
        tuple(row[:4]): tuple(row[4:])
        for row in warehouse.sql(
            "select account_id, signal, asked_on, is_opening, expansion_90d_arr, "
            "expansion_180d_arr from facts.fct_expansion_signal_outcome"
        ).fetchall()
    }
    assert found == expected
    assert Counter(key[3] for key in found)[True] > 20
    # The rates: counted again, with the intervals of scipy.
    compared = 0
    for row in warehouse.sql("from marts.mart_expansion_signals").df().to_dict("records"):
        place = (90, 180).index(row["horizon_days"])
        sides = {}
        for is_opening in (True, False):
            values = [
                chosen[place]
                for (_, signal, _, kind), chosen in found.items()
                if signal == row["signal"] and kind == is_opening and chosen[place] is not None
            ]
            sides[is_opening] = (sum(value > 0 for value in values), len(values))
        (expanded, openings), (base, days) = sides[True], sides[False]
        told = [row[name] for name in ("expanded", "openings")]
        assert told == [expanded, openings]
        assert [row["days_without_expanded"], row["days_without"]] == [base, days]
        if not openings:
            assert pd.isna(row["expansion_rate"])
            continue
        wilson = binomtest(expanded, openings).proportion_ci(method="wilson")
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(wilson), abs=1e-6)
        if expanded and base:
            ratio = relative_risk(expanded, openings, base, days)
            katz = ratio.confidence_interval()
            assert row["lift"] == pytest.approx(ratio.relative_risk)
            assert row["lift_ci_low"] == pytest.approx(katz.low, rel=1e-5)
            assert row["lift_ci_high"] == pytest.approx(katz.high, rel=1e-5)
            compared += 1
    assert compared >= 4


def test_suppressed_opportunities_have_no_rank_and_the_others_have_each_one(
    warehouse: duckdb.DuckDBPyConnection, measures: dict, as_of: date
) -> None:
    rows = warehouse.sql("from marts.mart_expansion_opportunities").df()
    ranks = rows["rank"].dropna().astype(int)
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    bands = dict(
        warehouse.execute(
            "select account_id, band = 'red' or displayed_band = 'red' "
            "from facts.fct_account_health_day where date_day = ?", [as_of]
        ).fetchall()
    )  # fmt: skip
    for row in rows.to_dict("records"):
        today = measures[row["account_id"], as_of]
        against = bands.get(row["account_id"]) or any((today[name] or 0) > 0 for name in AGAINST)
        assert bool(against) == (not pd.isna(row["suppressed_reason"])) == pd.isna(row["rank"])
    ranked = rows[rows["rank"].notna()].sort_values("rank")["expected_arr"].astype(float)
    known = ranked.dropna()
    assert known.is_monotonic_decreasing
    assert list(ranked.index[: len(known)]) == list(known.index)


def test_whitespace_is_that_of_the_contract_lines(
    warehouse: duckdb.DuckDBPyConnection, as_of: date
) -> None:
    lines = warehouse.execute(
        "select account_id, coalesce(products.product, lines.product_id) as product, "
        "coalesce(accounts.segment, 'unassigned') as segment, sum(arr)::double as arr "
        "from intermediate.int_arr_line_intervals as lines "
        "join facts.dim_account as accounts using (account_id) "
        "left join facts.dim_product as products on lines.product_id = products.product_id "
        "and lines.source_system = products.source_system "
        "where account_id <> 'unassigned' and valid_from <= $day "
        "and coalesce(lines.valid_to, date '9999-12-31') > $day group by all", {"day": as_of}
    ).df()  # fmt: skip
    unknown = set(lines[lines["product"].isna() & (lines["arr"] != 0)]["account_id"])
    lines = lines[~lines["account_id"].isin(unknown) & (lines["arr"] > 0)]
    held = lines.pivot_table(index="account_id", columns="product", values="arr", aggfunc="sum")
    segment = lines.groupby("account_id")["segment"].first()
    together = held.notna().astype(int).T @ held.notna().astype(int)
    expected = {}
    for account, own in held.iterrows():
        peers = held[segment == segment[account]]
        for product in held.columns[own.isna()]:
            prices = peers[product].dropna()
            beside = max(together.loc[product, other] for other in own.dropna().index)
            worth = None
            if beside >= 5 and len(prices) >= 5:
                worth = round(len(prices) / len(peers) * prices.median(), 2)
            expected[account, product] = (len(peers), len(prices), beside, worth)
    found = {
        (account, product): tuple(rest)
        for account, product, *rest in warehouse.sql(
            "select account_id, product, customers, owners, held_together, "
            "whitespace_arr::double from marts.mart_whitespace"
        ).fetchall()
    }
    assert set(found) == set(expected)
    for key, (*counts, worth) in expected.items():
        assert list(found[key][:3]) == counts, key
        assert found[key][3] == (worth if worth is None else pytest.approx(worth, abs=0.011)), key
    assert found
