"""The trained model: only the past, always the same, silent when there is too little to learn."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from orchestration.churn_model import COLUMNS, INTERCEPT, cuts, train

LAST = date(2025, 3, 15)
BOUNDS = {"usage": (0.0, 1.0), "noise": (0.0, 1.0)}


def history(accounts: int = 80, months: int = 24, seed: int = 3) -> pd.DataFrame:
    """Snapshots at month ends; low usage makes churn likely, noise says nothing."""
    draw = np.random.default_rng(seed)
    ends = pd.date_range("2023-01-31", periods=months, freq="ME")
    rows = []
    for end in ends:
        usage = draw.random(accounts)
        chance = 1 / (1 + np.exp(2 + 4 * (usage - 0.5)))
        rows.append(
            pd.DataFrame(
                {
                    "account_id": [f"a{number:03}" for number in range(accounts)],
                    "snapshot_on": end.date(),
                    "outcome_on": (end + pd.Timedelta(days=90)).date(),
                    "is_churned": draw.random(accounts) < chance,
                    "usage": np.where(draw.random(accounts) < 0.1, np.nan, usage),
                    "noise": draw.random(accounts),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def trained(rows: pd.DataFrame, least_churned: int = 30) -> pd.DataFrame:
    return train(rows, BOUNDS, last=LAST, least_churned=least_churned)


def coefficient(table: pd.DataFrame, name: str, kind: str = "value") -> float:
    chosen = table[(table["input"] == name) & (table["kind"] == kind)]
    return float(chosen["coefficient"].iloc[-1])


def test_what_drives_churn_gets_the_weight():
    table = trained(history())
    assert tuple(table.columns) == COLUMNS
    assert coefficient(table, "usage") < -0.5
    assert abs(coefficient(table, "noise")) < 0.3
    assert "missing" in set(table.loc[table["input"] == "usage", "kind"])


def test_outcomes_after_the_training_day_change_nothing():
    rows = history()
    before = trained(rows)
    day = before["trained_on"].iloc[0]
    later = rows["outcome_on"] > day
    assert later.any()
    rows.loc[later, "is_churned"] = ~rows.loc[later, "is_churned"]
    after = trained(rows)
    first = before["trained_on"] == day
    pd.testing.assert_frame_equal(before[first], after[after["trained_on"] == day])


def test_the_order_of_the_rows_changes_nothing():
    rows = history()
    shuffled = rows.sample(frac=1, random_state=5)
    pd.testing.assert_frame_equal(trained(rows), trained(shuffled))


def test_values_beyond_the_bounds_count_as_the_bounds():
    rows = history()
    beyond = rows.assign(usage=rows["usage"].where(rows["usage"] < 0.9, 50))
    within = rows.assign(usage=rows["usage"].where(rows["usage"] < 0.9, 1.0))
    pd.testing.assert_frame_equal(trained(beyond), trained(within))


def test_too_few_leavers_give_no_model():
    rows = history()
    leavers = int((rows["is_churned"] & (rows["outcome_on"] <= LAST)).sum())
    assert trained(rows, least_churned=leavers)["trained_on"].unique().tolist() == [LAST]
    assert trained(rows, least_churned=leavers + 1).empty
    assert trained(rows.iloc[:0]).empty


def test_the_chances_come_true_on_average():
    rows = history()
    table = trained(rows)
    asked = rows.merge(
        table[["trained_on", "applies_to"]].drop_duplicates(), how="cross"
    )  # the snapshots that a model trained before them is asked about
    asked = asked[
        (asked["snapshot_on"] >= asked["trained_on"])
        & (asked["snapshot_on"] <= asked["applies_to"])
    ]
    odds = np.zeros(len(asked))
    for position, row in enumerate(asked.itertuples(index=False)):
        for part in table[table["trained_on"] == row.trained_on].itertuples(index=False):
            value = getattr(row, part.input) if part.kind == "value" else 1.0
            if part.kind == "missing":
                value = float(np.isnan(getattr(row, part.input)))
            value = part.fill_value if np.isnan(value) else min(max(value, part.low), part.high)
            odds[position] += part.coefficient * (value - part.mean) / part.scale
    foretold = (1 / (1 + np.exp(-odds))).mean()
    assert foretold == pytest.approx(asked["is_churned"].mean(), rel=0.25)


def test_each_day_is_asked_of_one_model():
    found = cuts(date(2024, 2, 10), LAST)
    assert [cut.trained_on for cut in found] == [
        date(2024, 4, 1),
        date(2024, 7, 1),
        date(2024, 10, 1),
        date(2025, 1, 1),
        LAST,
    ]
    assert found[0].applies_to == date(2024, 6, 30)
    assert found[-2].applies_to == date(2025, 3, 14)
    assert found[-1].applies_to == LAST


def test_a_quarter_start_as_the_last_day_is_trained_once():
    found = cuts(date(2024, 12, 1), date(2025, 4, 1))
    assert [cut.trained_on for cut in found] == [date(2025, 1, 1), date(2025, 4, 1)]


def test_there_is_an_intercept():
    assert coefficient(trained(history()), INTERCEPT, "intercept") < 0
