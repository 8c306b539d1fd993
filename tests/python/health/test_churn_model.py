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


def kinds(table: pd.DataFrame, name: str) -> set[str]:
    return set(table.loc[table["input"] == name, "kind"])


@pytest.mark.parametrize(
    ("noise", "kind"),
    [
        (0.5, "constant"),
        # Its spread is not 0, and is nothing all the same.
        (0.5 + 1e-12 * np.arange(80 * 24), "constant"),
        (np.nan, "unobserved"),
        # Beyond the bounds on one side: the same for everybody once it is cut off.
        (np.linspace(2, 3, 80 * 24), "constant"),
        (np.inf, "constant"),
    ],
)
def test_an_input_that_says_nothing_is_left_out_and_named(noise, kind):
    table = trained(history().assign(noise=noise))
    assert kinds(table, "noise") == {kind}
    assert kinds(table, "usage") == {"value", "missing"}
    assert np.isfinite(table["coefficient"]).all()
    pd.testing.assert_frame_equal(
        table[table["input"] != "noise"].reset_index(drop=True),
        train(history(), {"usage": BOUNDS["usage"]}, last=LAST, least_churned=30),
    )


def test_an_input_on_a_tiny_scale_is_used_as_it_is():
    rows = history()
    rows["noise"] = rows["usage"].fillna(0.5) * 1e-12
    table = train(rows, {"noise": (0.0, 1e-12)}, last=LAST, least_churned=30)
    assert coefficient(table, "noise") < -0.5


def test_a_scale_of_no_width_is_constant():
    table = train(history(), {"usage": (1.0, 1.0)}, last=LAST, least_churned=30)
    assert kinds(table, "usage") == {"constant"} | (kinds(table, "usage") & {"missing"})


def test_a_model_that_cannot_be_fitted_is_named_and_stops_nothing(monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ValueError("Input X contains NaN.")

    monkeypatch.setattr("orchestration.churn_model._fit", broken)
    table = trained(history())
    assert set(table["kind"]) == {"failed"}
    assert set(table["input"]) == {"(Input X contains NaN.)"}


def test_the_season_does_not_move_the_chances():
    """Customers leave in winter: the chances do not follow the quarter a model is made in."""
    rows = history(months=30, accounts=200)
    draw = np.random.default_rng(11)
    month = pd.to_datetime(rows["snapshot_on"]).dt.month
    rows["is_churned"] = draw.random(len(rows)) < np.where(month.isin([11, 12, 1]), 0.16, 0.02)
    table = train(rows, BOUNDS, last=date(2025, 8, 1), least_churned=30)
    intercepts = table[(table["kind"] == "intercept") & (table["trained_on"] > date(2024, 5, 1))]
    mean_chance = 1 / (1 + np.exp(-intercepts["coefficient"]))
    assert len(mean_chance) > 4
    assert mean_chance.between(0.035, 0.08).all()


def test_what_says_nothing_of_others_moves_no_chance():
    """Noise alone: the calibration gives everybody the chance of all."""
    rows = history()
    rows["is_churned"] = np.random.default_rng(8).random(len(rows)) < 0.1
    table = train(rows, {"noise": BOUNDS["noise"]}, last=LAST, least_churned=30)
    assert abs(coefficient(table, "noise")) < 0.1


def test_there_is_an_intercept():
    assert coefficient(trained(history()), INTERCEPT, "intercept") < 0
