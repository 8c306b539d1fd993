"""The renewal forecasts of the demo company, made again in Python from what was known each day."""

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.home import Home
from tests.python.revenue.past_renewals import PRIOR_TERMS, Past, approximately

AHEAD = timedelta(days=90)


@pytest.fixture(scope="module")
def warehouse(demo_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def forecasts(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    found = warehouse.sql("select * from marts.mart_renewal_forecast order by forecast_on").df()
    for column in found.columns[found.dtypes == "object"]:
        if column not in ("is_in_interval", "metric_policy"):
            found[column] = found[column].astype(float)
    return found


def days_of(column: pd.Series) -> list[date]:
    return [day.date() for day in column]


def test_a_forecast_is_made_of_what_was_known_that_day(
    warehouse: duckdb.DuckDBPyConnection, forecasts: pd.DataFrame
) -> None:
    terms = warehouse.sql("select * from facts.fct_renewal").df().to_dict("records")
    bands = {}
    for account, band, start, end in warehouse.sql(
        "select account_id, band, started_on, ended_on from facts.fct_health_band_spell"
    ).fetchall():
        for day in range((end - start).days):
            bands[account, start + timedelta(days=day)] = band
    past = Past(terms, bands)
    lines: dict[tuple[str, str], list[tuple[date, date, float]]] = {}
    for system, subscription, start, end, arr in warehouse.sql(
        "select source_system, subscription_id, valid_from, coalesce(valid_to, date '9999-12-31'),"
        " contract_arr from intermediate.int_arr_line_intervals"
    ).fetchall():
        lines.setdefault((system, subscription), []).append((start, end, float(arr)))
    segments = {
        (account, month): segment
        for account, month, segment in warehouse.sql(
            "select account_id, month, segment from facts.fct_account_month"
        ).fetchall()
    }

    looked_at = forecasts.iloc[[-1, -2, -14, -30, -31, -60, -90]]
    for day, row in zip(
        days_of(looked_at["forecast_on"]), looked_at.to_dict("records"), strict=True
    ):
        due, expected, renewed, count = 0.0, 0.0, 0.0, 0
        for term in terms:
            due_on = term["due_on"].date()
            if not term["term_start"].date() <= day < due_on <= day + AHEAD:
                continue
            atr = sum(
                arr
                for start, end, arr in lines[term["source_system"], term["subscription_id"]]
                if start <= day < end
            )
            if not atr:
                continue
            count += 1
            due += atr
            if not term["is_final"]:
                renewed = np.nan
            else:
                renewed += min(atr, float(term["renewed_arr"]))
            account = term["account_id"]
            rate = past.rate(
                day,
                segments.get((account, day.replace(day=1))) or "unassigned",
                bands.get((account, min(day, due_on - AHEAD)), "unknown"),
            )
            if not pd.isna(term["renewed_on"]) and term["renewed_on"].date() <= day:
                expected += min(atr, float(term["renewed_arr"]))
            elif (
                not pd.isna(term["cancel_requested_at"])
                and term["cancel_requested_at"].date() <= day
            ):
                expected += 0
            else:
                expected += atr * (np.nan if rate is None else rate)
        assert row["terms"] == count
        assert row["atr"] == pytest.approx(due, abs=0.01 * count)
        assert row["expected"] == pytest.approx(expected, abs=0.02 * count, nan_ok=True)
        assert row["renewed_atr"] == pytest.approx(renewed, abs=0.02 * count, nan_ok=True)


def test_an_interval_is_what_chance_gives(
    warehouse: duckdb.DuckDBPyConnection, forecasts: pd.DataFrame
) -> None:
    """Against many draws of what the accounts of a forecast decide, each on all of its terms."""
    terms = warehouse.sql("select * from facts.fct_renewal_forecast").df()
    draw = np.random.default_rng(117)
    rows = forecasts.dropna(subset=["expected"])
    looked_at = rows.iloc[[-1, len(rows) * 2 // 3, len(rows) // 3]]
    for day, row in zip(
        days_of(looked_at["forecast_on"]), looked_at.to_dict("records"), strict=True
    ):
        ahead = terms[[d.date() == day for d in terms["forecast_on"]]]
        ahead = ahead[[d.date() <= day + AHEAD for d in ahead["due_on"]]]
        certain = ahead["is_renewed"] | ahead["has_notice"]
        signed = ahead.loc[ahead["is_renewed"], "expected"].astype(float).sum()
        open_terms = ahead[~certain]
        accounts, whose = np.unique(open_terms["account_id"], return_inverse=True)
        least = 1 / (open_terms["observed_terms"].to_numpy() + PRIOR_TERMS + 2)
        chance = open_terms["probability"].to_numpy()
        unsure = np.clip(chance, least, 1 - least)
        luck = draw.random((20_000, len(accounts)))[:, whose]
        # Of one standard deviation for each term, and of none on average.
        swing = ((luck < unsure) - unsure) * open_terms["atr"].astype(float).to_numpy()
        spread = 1.2816 * swing.sum(axis=1).std()
        low = max(signed, row["expected"] - spread)
        high = min(row["best_case"], row["expected"] + spread)
        # One draw by account is not quite alike for terms of different chances.
        near = 0.02 + 0.05 * spread
        assert row["expected_low"] == pytest.approx(low, abs=near)
        assert row["expected_high"] == pytest.approx(high, abs=near)
    unknown = forecasts[forecasts["expected"].isna()]
    assert unknown[["expected_low", "expected_high"]].isna().all(axis=None)


def test_accuracy_is_measured_on_all_decided_forecasts(
    warehouse: duckdb.DuckDBPyConnection, forecasts: pd.DataFrame
) -> None:
    told = forecasts.dropna(subset=["renewed_atr", "expected"])
    said = {
        "by health and segment": told["expected"],
        "by the rate of all": told["expected_without_health"],
        "all renew": told["atr"],
    }
    rows = warehouse.sql(
        "select method, forecasts, absolute_error_rate, bias, interval_coverage"
        " from marts.mart_forecast_accuracy"
    ).fetchall()
    assert {method for method, *_ in rows} == said.keys()
    for method, count, error, bias, coverage in rows:
        assert count == len(told)
        off = said[method] - told["renewed_atr"]
        assert error == pytest.approx(off.abs().sum() / told["renewed_atr"].sum(), abs=1e-6)
        assert bias == pytest.approx(off.sum() / told["renewed_atr"].sum(), abs=1e-6)
        if method == "by health and segment":
            inside = told["renewed_atr"].between(told["expected_low"], told["expected_high"])
            inside = inside[told["expected_low"].notna()]
            assert coverage == approximately(inside.mean())
        else:
            assert coverage is None
