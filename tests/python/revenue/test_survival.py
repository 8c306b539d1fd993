"""Survival and lifetime against scipy, from the account lifetimes of the demo company."""

import math

import duckdb
import numpy as np
import pytest
from scipy import optimize, stats

CUTS = [("total", None), ("segment", "segment"), ("plan", "plan"), ("start_year", "start_year")]


@pytest.fixture(scope="module")
def warehouse(demo_home):
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def lifetimes(warehouse):
    """One row per account; the cuts of the marts are columns."""
    return warehouse.execute("from facts.fct_account_lifetime").df()


def _groups(lifetimes):
    for segment_type, column in CUTS:
        if column is None:
            yield segment_type, "all", lifetimes
            continue
        for value, rows in lifetimes.groupby(lifetimes[column].fillna("unassigned")):
            yield segment_type, value, rows


def _survival_at(rows, ages):
    """scipy's Kaplan-Meier estimate of a group, read at whole months."""
    gone = rows["is_churned"].to_numpy()
    months = rows["duration_months"].to_numpy()
    sample = stats.CensoredData(uncensored=months[gone], right=months[~gone])
    curve = stats.ecdf(sample).sf
    band = curve.confidence_interval(0.95, method="log-log")
    return curve.evaluate(ages), band.low.evaluate(ages), band.high.evaluate(ages)


def test_kaplan_meier_equals_scipy_in_every_segment(warehouse, lifetimes):
    curves = warehouse.execute("from marts.mart_survival order by age_months").df()
    compared = 0
    for segment_type, value, rows in _groups(lifetimes):
        curve = curves[
            (curves["segment_type"] == segment_type) & (curves["segment_value"] == value)
        ]
        ages = curve["age_months"].to_numpy()
        assert ages.tolist() == list(range(rows["duration_months"].max() + 1))
        if not rows["is_churned"].any():
            assert (curve["survival"] == 1).all()
            continue
        survival, low, high = _survival_at(rows, ages)
        np.testing.assert_allclose(curve["survival"], survival, atol=1e-6)
        # Our band is null where survival is 1 or 0; scipy's is not a number there, or trivial.
        within = curve["ci_low"].notna().to_numpy()
        assert (within == ((survival < 1) & (survival > 0))).all()
        np.testing.assert_allclose(curve["ci_low"][within], low[within], atol=1e-6)
        np.testing.assert_allclose(curve["ci_high"][within], high[within], atol=1e-6)
        compared += int(within.sum())
    assert compared > 50


def _outcomes(rows):
    """Per year: who left in it and who stayed through it, of those it is known of."""
    lost, kept = {}, {}
    for row in rows.itertuples():
        for year in range(1, row.observable_months // 12 + 1):
            if row.is_churned and row.duration_months <= 12 * year:
                lost[year] = lost.get(year, 0) + 1
                break
            kept[year] = kept.get(year, 0) + 1
    return lost, kept


def _log_likelihood(alpha, beta, lost, kept):
    total = 0.0
    for year in set(lost) | set(kept):
        both = alpha + beta + year - 1
        total += lost.get(year, 0) * math.log(alpha / both)
        total += kept.get(year, 0) * math.log((beta + year - 1) / both)
    return total


def _best(lost, kept):
    """The optimum within the bounds of the SQL search, from several starts."""

    def loss(point):
        mean, polarisation = point
        both = 1 / polarisation - 1
        return -_log_likelihood(mean * both, (1 - mean) * both, lost, kept)

    bounds = [(0.0001, 0.9999)] * 2
    starts = [(0.2, 0.05), (0.2, 0.5), (0.5, 0.5), (0.1, 0.9)]
    found = [optimize.minimize(loss, start, bounds=bounds, method="L-BFGS-B") for start in starts]
    return -min(result.fun for result in found)


def test_lifetime_fit_is_the_maximum_of_the_likelihood(warehouse, lifetimes):
    fits = warehouse.execute("from marts.mart_lifetime_fit").df()
    fits = fits.set_index(["segment_type", "segment_value"])
    fitted = 0
    for segment_type, value, rows in _groups(lifetimes):
        fit = fits.loc[(segment_type, value)]
        lost, kept = _outcomes(rows)
        assert fit["churned"] == sum(lost.values())
        if math.isnan(fit["alpha"]):
            continue
        ours = _log_likelihood(fit["alpha"], fit["beta"], lost, kept)
        assert ours == pytest.approx(_best(lost, kept), abs=1e-3)
        assert ours == pytest.approx(fit["log_likelihood"], abs=1e-3)
        fitted += 1
    assert fitted >= 1


def test_residual_lifetime_is_the_discounted_sum(warehouse):
    rows = warehouse.execute(
        "select alpha, beta, derl_new, discount_rate from marts.mart_lifetime "
        "where alpha is not null"
    ).fetchall()
    assert rows
    for alpha, beta, derl, rate in rows:
        survival, expected = 1.0, 0.0
        for year in range(1, 201):
            survival *= (beta + year - 1) / (alpha + beta + year - 1)
            expected += survival / (1 + rate) ** (year - 1)
        assert derl == pytest.approx(expected, rel=1e-5)
