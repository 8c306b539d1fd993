"""A plain model of churn, trained on the past only: the yardstick beside the health score.

Logistic regression on the measures of the health score, cut off where the score cuts them off and
standardised, with a flag for each that is sometimes missing. Platt's calibration (Platt 1999) comes
from accounts the model was not fitted to: each fifth of them is asked after fitting to the others,
and what was foretold is compared with what came, over whole years so that no season weighs more
than another. Both steps are linear in the log-odds, so one row per input comes out: the model is
applied, and explained, in SQL.

No data may make a refresh fail here. An input that says the same of everybody, or that nobody has,
is left out and named (kind `constant` or `unobserved`); a day whose model cannot be fitted is named
(kind `failed`) and has no model.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

VERSION = "logistic-2"
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
FOLDS = 5
DAYS_OF_YEAR = 365.25
# Spread of an input over the width of its scale, below which it says the same of everybody.
LEAST_SPREAD = 1e-6
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
        is missing, else 0) or `intercept` (always 1). Rows of kind `constant`, `unobserved` and
        `failed` name what was left out and take no part.
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
    known = rows[rows["outcome_on"] <= cut.trained_on].reset_index(drop=True)
    if known["is_churned"].sum() < least_churned or known["is_churned"].all():
        return None
    try:
        table = _fitted(known, bounds)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        table = pd.DataFrame([_left_out(f"({error})", "failed")])
    return table.assign(
        coefficient=table["coefficient"].round(10),
        trained_on=cut.trained_on,
        applies_to=cut.applies_to,
        snapshots=len(known),
        churned=int(known["is_churned"].sum()),
        model_version=VERSION,
    )[list(COLUMNS)]


def _fitted(known: pd.DataFrame, bounds: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """The calibrated coefficients, the intercept last but for what was left out."""
    slope, offset = _calibration(known, bounds)
    table, left_out = _inputs(known, bounds)
    fitted = _fit(_design(known, table), known["is_churned"], penalty=PENALTY)
    table["coefficient"] = fitted[1:] * slope
    intercept = {
        **_left_out(INTERCEPT, "intercept"),
        "low": 1.0,
        "high": 1.0,
        "fill_value": 1.0,
        "coefficient": fitted[0] * slope + offset,
    }
    parts = [part for part in (table, pd.DataFrame([intercept]), left_out) if len(part)]
    return pd.concat(parts, ignore_index=True)


def _calibration(
    known: pd.DataFrame, bounds: dict[str, tuple[float, float]]
) -> tuple[float, float]:
    """Slope and offset that make the log-odds come true for accounts that were not fitted to.

    All of it was known on the day of training. Snapshots of one account are in one fold, because
    they are alike. With a year of history or more, whole years count: the newest ones.
    """
    fold = pd.factorize(known["account_id"], sort=True)[0] % FOLDS
    decision = np.full(len(known), np.nan)
    for number in range(FOLDS):
        fitted_to, asked = known[fold != number], known[fold == number]
        if fitted_to["is_churned"].nunique() < 2 or asked.empty:
            continue
        table, _ = _inputs(fitted_to, bounds)
        fitted = _fit(_design(fitted_to, table), fitted_to["is_churned"], penalty=PENALTY)
        decision[fold == number] = _design(asked, table) @ fitted[1:] + fitted[0]
    days = pd.to_datetime(known["snapshot_on"])
    years = int((days.max() - days.min()).days / DAYS_OF_YEAR)
    judged = ~np.isnan(decision)
    if years:
        judged &= (days > days.max() - pd.Timedelta(days=round(years * DAYS_OF_YEAR))).to_numpy()
    if known.loc[judged, "is_churned"].nunique() < 2:
        return 1.0, 0.0
    asked = decision[judged].reshape(-1, 1)
    offset, slope = _fit(asked, known.loc[judged, "is_churned"], penalty=UNPENALISED)
    if slope <= 0:
        # What it says of the others is worth nothing: everybody has the chance of all.
        share = known.loc[judged, "is_churned"].mean()
        return 0.0, float(np.log(share / (1 - share)))
    return slope, offset


def _left_out(name: str, kind: str) -> dict[str, str | float]:
    """An input that takes no part."""
    numbers = {"low": 0.0, "high": 0.0, "fill_value": 0.0, "mean": 0.0, "scale": 1.0}
    return {"input": name, "kind": kind, **numbers, "coefficient": 0.0}


def _inputs(
    rows: pd.DataFrame, bounds: dict[str, tuple[float, float]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which inputs have something to say in these rows, with their scales; and which have not."""
    found, left_out = [], []
    for name, (low, high) in bounds.items():
        values = rows[name]
        filled = values.fillna(values.mean())
        if values.isna().all():
            left_out.append(_left_out(name, "unobserved"))
        elif not filled.std(ddof=0) > LEAST_SPREAD * (high - low):
            left_out.append(_left_out(name, "constant"))
        else:
            scale = {"mean": filled.mean(), "scale": filled.std(ddof=0)}
            cut = {"low": low, "high": high, "fill_value": values.mean()}
            found.append({"input": name, "kind": "value", **cut, **scale})
        missing = values.isna().astype(float)
        if MISSING_AT_LEAST <= missing.mean() <= 1 - MISSING_AT_LEAST:
            scale = {"mean": missing.mean(), "scale": missing.std(ddof=0)}
            flag = {"low": 0.0, "high": 1.0, "fill_value": 1.0}
            found.append({"input": name, "kind": "missing", **flag, **scale})
    columns = ["input", "kind", "low", "high", "fill_value", "mean", "scale"]
    table = pd.DataFrame(found, columns=columns)
    # Twelve significant digits, so that sums in another order give the same model; a scale that is
    # tiny stays what it is.
    numbers = table.columns[2:]
    table[numbers] = table[numbers].map(lambda number: float(f"{number:.12g}"))
    return table, pd.DataFrame(left_out)


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
    # Few inputs, many snapshots: a handful of Newton steps, each exact.
    model = LogisticRegression(C=penalty, solver="newton-cholesky", max_iter=100, tol=1e-10)
    model.fit(design, churned.astype(int))
    return np.concatenate([model.intercept_, model.coef_[0]])
