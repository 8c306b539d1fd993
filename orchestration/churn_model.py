"""A plain model of churn, trained on the past only: the yardstick beside the health score.

Logistic regression on the measures of the health score, cut off where the score cuts them off and
standardised, with a flag for each that is sometimes missing. Platt's calibration (Platt 1999) comes
from a rehearsal: fitted to the earlier part of the training time, asked about the later part. Both
steps are linear in the log-odds, so what comes out is one row per input: the model is applied, and
explained, in SQL.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

VERSION = "logistic-1"
INTERCEPT = "(intercept)"
COLUMNS = (
    "trained_on",
    "applies_to",
    "input",
    "kind",
    "low",
    "high",
    "fill_value",
    "mean",
    "scale",
    "coefficient",
    "snapshots",
    "churned",
    "model_version",
)
CALIBRATION_SHARE = 0.3
PENALTY = 0.03
UNPENALISED = 1e6
MISSING_AT_LEAST = 0.05


@dataclass(frozen=True)
class Cut:
    """A day on which the model is trained, and the last day it is asked about."""

    trained_on: date
    applies_to: date


def cuts(first: date, last: date) -> list[Cut]:
    """The days to train on: each first day of a quarter after `first`, and `last`.

    A model is asked about the days of its quarter only; the one of `last` about that day.
    """
    starts = [stamp.date() for stamp in pd.date_range(first, last, freq="QS")]
    bounds = [*starts[1:], last]
    found = [
        Cut(start, (pd.Timestamp(bound) - pd.Timedelta(days=1)).date())
        for start, bound in zip(starts, bounds, strict=True)
        if start < bound
    ]
    return [*found, Cut(last, last)]


def train(
    rows: pd.DataFrame,
    bounds: dict[str, tuple[float, float]],
    *,
    last: date,
    least_churned: int,
) -> pd.DataFrame:
    """Train the model at each cut on the snapshots whose outcome was known by then.

    Args:
        rows: one row per account and snapshot: account_id, snapshot_on, outcome_on (dates),
            is_churned (bool) and a float column per input, NaN where missing.
        bounds: the input columns, each with the least and the greatest value that counts.
        last: the as-of date.
        least_churned: no model is trained on fewer leavers than this.

    Returns:
        One row per cut and input, columns COLUMNS: the log-odds of churn are the sum over the
        inputs of coefficient * (value - mean) / scale, with the value cut off at low and high and
        fill_value for a missing one; kind is `value`, `missing` (the value is 1 when the measure
        is missing, else 0) or `intercept` (always 1).
        Empty when the past is too short. The same rows always give the same numbers.
    """
    ordered = rows.sort_values(["snapshot_on", "account_id"], ignore_index=True)
    for name, (low, high) in bounds.items():
        ordered[name] = ordered[name].astype(float).clip(low, high)
    if ordered.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    found = [
        coefficients
        for cut in cuts(ordered["snapshot_on"].min(), last)
        if (coefficients := _train_once(ordered, bounds, cut, least_churned)) is not None
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS))


def _train_once(
    rows: pd.DataFrame, bounds: dict[str, tuple[float, float]], cut: Cut, least_churned: int
) -> pd.DataFrame | None:
    known = rows[rows["outcome_on"] <= cut.trained_on]
    if known["is_churned"].sum() < least_churned or known["is_churned"].all():
        return None
    boundary = known["snapshot_on"].quantile(1 - CALIBRATION_SHARE, interpolation="lower")
    # What is calibrated on must lie after all that was fitted to, outcomes included.
    early = known[known["outcome_on"] <= boundary]
    late = known[known["snapshot_on"] > boundary]
    if min(early["is_churned"].nunique(), late["is_churned"].nunique()) < 2:
        return None
    slope, offset = _calibration(early, late, bounds)
    table = _inputs(known, bounds)
    fitted = _fit(_design(known, table), known["is_churned"], penalty=PENALTY)
    table["coefficient"] = fitted[1:] * slope
    intercept = {
        "input": INTERCEPT,
        "kind": "intercept",
        "low": 1.0,
        "high": 1.0,
        "fill_value": 1.0,
        "mean": 0.0,
        "scale": 1.0,
        "coefficient": fitted[0] * slope + offset,
    }
    table = pd.concat([table, pd.DataFrame([intercept])], ignore_index=True)
    return table.assign(
        coefficient=table["coefficient"].round(10),
        trained_on=cut.trained_on,
        applies_to=cut.applies_to,
        snapshots=len(known),
        churned=int(known["is_churned"].sum()),
        model_version=VERSION,
    )[list(COLUMNS)]


def _calibration(
    early: pd.DataFrame, late: pd.DataFrame, bounds: dict[str, tuple[float, float]]
) -> tuple[float, float]:
    """Slope and offset that make the log-odds fitted to `early` come true in `late`."""
    table = _inputs(early, bounds)
    fitted = _fit(_design(early, table), early["is_churned"], penalty=PENALTY)
    decision = _design(late, table) @ fitted[1:] + fitted[0]
    offset, slope = _fit(decision.reshape(-1, 1), late["is_churned"], penalty=UNPENALISED)
    return max(slope, 0.0), offset


def _inputs(rows: pd.DataFrame, bounds: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Which inputs have something to say in these rows, and their scales."""
    found = []
    for name, (low, high) in bounds.items():
        values = rows[name]
        filled = values.fillna(values.mean())
        if values.notna().any() and filled.std(ddof=0) > 0:
            scale = {"mean": filled.mean(), "scale": filled.std(ddof=0)}
            cut = {"low": low, "high": high, "fill_value": values.mean()}
            found.append({"input": name, "kind": "value", **cut, **scale})
        missing = values.isna().astype(float)
        if MISSING_AT_LEAST <= missing.mean() <= 1 - MISSING_AT_LEAST:
            scale = {"mean": missing.mean(), "scale": missing.std(ddof=0)}
            flag = {"low": 0.0, "high": 1.0, "fill_value": 1.0}
            found.append({"input": name, "kind": "missing", **flag, **scale})
    columns = ["input", "kind", "low", "high", "fill_value", "mean", "scale"]
    return pd.DataFrame(found, columns=columns).round(10)


def _design(rows: pd.DataFrame, table: pd.DataFrame) -> np.ndarray:
    """The standardised inputs, snapshots x inputs."""
    columns = []
    for row in table.itertuples(index=False):
        values = rows[row.input]
        given = values.isna().astype(float) if row.kind == "missing" else values
        columns.append((given.fillna(row.fill_value) - row.mean) / row.scale)
    return np.column_stack(columns) if columns else np.empty((len(rows), 0))


def _fit(design: np.ndarray, churned: pd.Series, *, penalty: float) -> np.ndarray:
    """Intercept and coefficients of a logistic regression; `penalty` is scikit-learn's C."""
    if design.shape[1] == 0:
        share = churned.mean()
        return np.array([np.log(share / (1 - share))])
    model = LogisticRegression(C=penalty, max_iter=1000, tol=1e-8)
    model.fit(design, churned.astype(int))
    return np.concatenate([model.intercept_, model.coef_[0]])
