"""The shifted beta-geometric model: published figures, sums by hand, and honest intervals."""

import math

import numpy as np
import pandas as pd
import pytest

from orchestration.lifetime_model import (
    COLUMNS,
    OLDEST,
    Outcomes,
    fit,
    fit_all,
    log_likelihood_of,
    parameters,
    residual_payments,
)

RATE = 0.1
REGULAR = [369, 163, 86, 56, 37, 27, 21]


def leavers(lost: list[int], stayed: dict[int, int], segment: str = "all") -> pd.DataFrame:
    rows = [(year, True, count) for year, count in enumerate(lost) if count]
    rows += [(years, False, count) for years, count in stayed.items()]
    frame = pd.DataFrame(rows, columns=["years_kept", "is_churned", "accounts"])
    return frame.assign(segment_type="total", segment_value=segment)


def fitted(rows: pd.DataFrame, least_churned: int = 10) -> pd.DataFrame:
    return fit_all(rows, least_churned=least_churned, discount_rate=RATE)


def test_sbg_fader_hardie_regular():
    """Fader & Hardie 2007, table 1: alpha 0.704, beta 1.182 from the first seven years."""
    table = fitted(leavers(REGULAR, {7: 1000 - sum(REGULAR)}))
    assert tuple(table.columns) == COLUMNS
    first = table.iloc[0]
    assert round(first["alpha"], 3) == 0.704
    assert round(first["beta"], 3) == 1.182
    assert first["log_likelihood"] / 1000 == pytest.approx(-1.6803, abs=5e-5)
    assert first["is_identified"]


def test_what_is_still_to_come_is_the_discounted_sum():
    alpha, beta = 0.704, 1.182
    payments = residual_payments(np.array([alpha]), np.array([beta]), RATE)[0]
    for kept in (0, 1, 5, OLDEST):
        survival, total = 1.0, 0.0
        for year in range(kept + 1, 201):
            survival *= (beta + year - 1) / (alpha + beta + year - 1)
            total += survival / (1 + RATE) ** (year - kept - 1)
        assert payments[kept] == pytest.approx(total, rel=1e-12)


def test_the_fit_is_no_worse_than_any_point_of_a_fine_grid():
    random = np.random.default_rng(4)
    for _ in range(6):
        lost = random.integers(0, 30, size=random.integers(2, 6))
        kept = lost[::-1].cumsum()[::-1] + random.integers(1, 60)
        outcomes = Outcomes(lost.astype(float), kept.astype(float))
        mean, polarisation, best = fit(outcomes)
        assert best == pytest.approx(log_likelihood_of(outcomes, mean, polarisation))
        for m in np.linspace(0.01, 0.99, 50):
            for p in np.linspace(0.01, 0.99, 50):
                assert log_likelihood_of(outcomes, m, p) <= best + 1e-6


def test_customers_who_are_all_alike_are_not_identified():
    """A fifth leaves each year: one chance for everybody says as much, and the flag says so."""
    lost, there, stayed = [], 1000, {}
    for _ in range(4):
        lost.append(there // 5)
        there -= there // 5
    stayed[4] = there
    table = fitted(leavers(lost, stayed))
    assert not table["is_identified"].any()
    assert table["mean_churn"].iloc[0] == pytest.approx(0.2, abs=0.01)


def test_a_fit_at_the_end_of_its_range_is_flagged():
    """Leaving grows with age, which the model cannot say: all alike is the best it finds."""
    table = fitted(leavers([10, 40, 90], {3: 200}))
    assert not table["is_identified"].any()


def test_intervals_hold_their_estimate_and_narrow_with_more_customers():
    few = fitted(leavers([37, 16, 9, 6, 4, 3, 2], {7: 23}))
    many = fitted(leavers([3700, 1600, 900, 600, 400, 300, 200], {7: 2300}))
    for table in (few, many):
        assert (table["residual_payments_low"] <= table["residual_payments"]).all()
        assert (table["residual_payments"] <= table["residual_payments_high"]).all()
        assert (table["mean_churn_low"] < table["mean_churn"]).all()
        assert (table["mean_churn"] < table["mean_churn_high"]).all()
    width = [float((t["mean_churn_high"] - t["mean_churn_low"]).iloc[0]) for t in (few, many)]
    assert width[0] > 5 * width[1]


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(12)
    covered = 0
    for _ in range(25):
        chance = random.beta(1.0, 4.0, size=400)
        left_after = random.geometric(np.clip(chance, 1e-6, 1)) - 1
        lost = [int((left_after == year).sum()) for year in range(4)]
        first = fitted(leavers(lost, {4: 400 - sum(lost)})).iloc[0]
        covered += first["mean_churn_low"] <= 0.2 <= first["mean_churn_high"]
    assert covered >= 21


def test_the_likelihood_is_that_of_the_years_lived():
    """Seven of thirty left in the first year, three in the second."""
    table = fitted(leavers([7, 3], {2: 20}))
    assert table["log_likelihood"].iloc[0] == pytest.approx(-25.2041, abs=5e-5)


def test_too_few_leavers_or_years_give_no_fit():
    assert fitted(leavers([9], {1: 50, 2: 3})).empty
    assert fitted(leavers([10], {1: 50})).empty
    assert len(fitted(leavers([10], {1: 50, 2: 3}))) == OLDEST + 1
    assert tuple(fitted(leavers([1], {2: 3})).columns) == COLUMNS


def test_the_same_customers_in_another_order_give_the_same_numbers():
    rows = pd.concat([leavers(REGULAR, {7: 241}), leavers([20, 9], {2: 60}, segment="b")])
    once, again = fitted(rows), fitted(rows.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(once, again)
    assert once["segment_value"].unique().tolist() == ["all", "b"]


def test_parameters_are_those_of_the_mean_and_the_polarisation():
    alpha, beta = parameters(0.25, 0.2)
    assert math.isclose(alpha[0], 1) and math.isclose(beta[0], 3)
