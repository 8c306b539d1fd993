"""Shifted beta-geometric lifetimes (Fader & Hardie 2007, 2010), fitted per segment.

Customers differ in their yearly chance to leave: it is drawn from a beta distribution with the
parameters alpha and beta. In terms of people: `mean_churn` = alpha / (alpha + beta) is the chance
of a new customer, `polarisation` = 1 / (1 + alpha + beta) says how unlike they are, from 0 (all
alike) to 1 (some leave at once, the others never).

The fit is the maximum of the likelihood, by scipy. Intervals come from a bootstrap: as many
customers are drawn again from those there are, and each draw is fitted on a grid. A fit is not
identified when the best polarisation lies at an end of its range, or when one yearly chance for
everybody tells the data as well (likelihood ratio below the 95 % point of chi-squared): then what
lies beyond the years that were seen rests on the model, not on the data.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import chi2

COLUMNS = (
    "segment_type",
    "segment_value",
    "years_kept",
    "alpha",
    "beta",
    "mean_churn",
    "mean_churn_low",
    "mean_churn_high",
    "polarisation",
    "log_likelihood",
    "is_identified",
    "residual_payments",
    "residual_payments_low",
    "residual_payments_high",
)
# Everybody's yearly chance to leave, and how unlike customers are, lie between these.
LOW, HIGH = 1e-4, 1 - 1e-4
EDGE = 10
DRAWS, GRID, ZOOM, SEED = 200, 40, 9, 20070101
# No company is older than this many years here; a customer that is counts as so old.
OLDEST = 20
# At a discount of a few percent a payment later than this is worth nothing.
LAST_YEAR = 200


@dataclass(frozen=True)
class Outcomes:
    """Per year since the start: who left in it, and who is known to have stayed through it."""

    lost: np.ndarray
    kept: np.ndarray


def fit_all(leavers: pd.DataFrame, *, least_churned: int, discount_rate: float) -> pd.DataFrame:
    """Fit each segment that has enough leavers in at least two years that were seen.

    Args:
        leavers: one row per segment_type, segment_value, years_kept (whole years stayed through),
            is_churned (left in the year after them) with `accounts`.
        least_churned: no segment is fitted to fewer leavers.
        discount_rate: yearly, of payments that are still to come.

    Returns:
        One row per fitted segment and years_kept 0 to OLDEST, columns COLUMNS. residual_payments
        are the discounted yearly payments still to come of a customer that has stayed so many
        years, seen just before its next renewal (Fader & Hardie 2010). The same input always gives
        the same numbers.
    """
    found = []
    for (kind, value), rows in leavers.groupby(["segment_type", "segment_value"], sort=True):
        cells = rows.sort_values(["years_kept", "is_churned"])
        counts = cells["accounts"].to_numpy(dtype=int)
        years = cells["years_kept"].to_numpy(dtype=int)
        left = cells["is_churned"].to_numpy(dtype=bool)
        if counts[left].sum() < least_churned or _outcomes(years, left, counts).lost.size < 2:
            continue
        table = _segment(years, left, counts, discount_rate)
        found.append(table.assign(segment_type=kind, segment_value=value))
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]


def _segment(
    years: np.ndarray, left: np.ndarray, counts: np.ndarray, discount_rate: float
) -> pd.DataFrame:
    outcomes = _outcomes(years, left, counts)
    mean, polarisation, log_likelihood = fit(outcomes)
    alpha, beta = parameters(mean, polarisation)
    drawn_mean, drawn_polarisation = _bootstrap(years, left, counts)
    drawn = residual_payments(*parameters(drawn_mean, drawn_polarisation), discount_rate)
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    own = residual_payments(alpha, beta, discount_rate)[0]
    mean_low, mean_high = np.percentile(drawn_mean, [2.5, 97.5])
    return pd.DataFrame(
        {
            "years_kept": np.arange(OLDEST + 1),
            "alpha": round(float(alpha[0]), 6),
            "beta": round(float(beta[0]), 6),
            "mean_churn": round(mean, 8),
            "mean_churn_low": round(float(min(mean_low, mean)), 8),
            "mean_churn_high": round(float(max(mean_high, mean)), 8),
            "polarisation": round(polarisation, 8),
            "log_likelihood": round(log_likelihood, 6),
            "is_identified": _is_identified(outcomes, polarisation, log_likelihood),
            "residual_payments": own.round(8),
            # The grid is coarser than the fit: an interval holds its own estimate.
            "residual_payments_low": np.minimum(low, own).round(8),
            "residual_payments_high": np.maximum(high, own).round(8),
        }
    )


def _outcomes(years: np.ndarray, left: np.ndarray, counts: np.ndarray) -> Outcomes:
    last = int((years + left).max(initial=0))
    number = np.arange(1, last + 1)
    lost = np.array([counts[left & (years + 1 == year)].sum() for year in number])
    kept = np.array([counts[years >= year].sum() for year in number])
    return Outcomes(lost.astype(float), kept.astype(float))


def parameters(
    mean: np.ndarray | float, polarisation: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Return alpha and beta of the beta distribution."""
    both = 1 / np.atleast_1d(polarisation) - 1
    return np.atleast_1d(mean) * both, (1 - np.atleast_1d(mean)) * both


def log_chances(
    mean: np.ndarray, polarisation: np.ndarray, years: int
) -> tuple[np.ndarray, np.ndarray]:
    """Log-chance to leave in each year, and to stay through it, of who came to it.

    Args:
        mean: mean chance of a new customer, any number of them.
        polarisation: as many.
        years: how many years.

    Returns:
        Two arrays, points x years: ln(alpha / (alpha + beta + t - 1)) and
        ln((beta + t - 1) / (alpha + beta + t - 1)).
    """
    alpha, beta = parameters(mean, polarisation)
    number = np.arange(years)
    whole = np.log((alpha + beta)[:, None] + number)
    return np.log(alpha)[:, None] - whole, np.log(beta[:, None] + number) - whole


def log_likelihood_of(outcomes: Outcomes, mean: float, polarisation: float) -> float:
    """Log-likelihood of what came about."""
    leaving, staying = log_chances(np.array([mean]), np.array([polarisation]), outcomes.lost.size)
    return float(leaving[0] @ outcomes.lost + staying[0] @ outcomes.kept)


def fit(outcomes: Outcomes) -> tuple[float, float, float]:
    """Return mean churn, polarisation and log-likelihood at the maximum, from several starts."""

    def loss(point: np.ndarray) -> float:
        mean, polarisation = expit(point)
        return -log_likelihood_of(outcomes, mean, polarisation)

    bounds = [(logit(LOW), logit(HIGH))] * 2
    starts = [(mean, polarisation) for mean in (0.05, 0.3) for polarisation in (0.02, 0.3, 0.8)]
    found = [
        minimize(loss, logit(start), bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-13})
        for start in starts
    ]
    best = min(found, key=lambda result: round(float(result.fun), 9))
    mean, polarisation = (float(number) for number in expit(best.x))
    return mean, polarisation, -float(best.fun)


def _is_identified(outcomes: Outcomes, polarisation: float, log_likelihood: float) -> bool:
    if not LOW * EDGE < polarisation < 1 - (1 - HIGH) * EDGE:
        return False
    # One chance for everybody: the share that left of all years that were lived.
    share = outcomes.lost.sum() / (outcomes.lost.sum() + outcomes.kept.sum())
    alike = outcomes.lost.sum() * np.log(share)
    if share < 1:
        alike += outcomes.kept.sum() * np.log(1 - share)
    return bool(2 * (log_likelihood - alike) > chi2.ppf(0.95, 1))


def _bootstrap(
    years: np.ndarray, left: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean churn and polarisation of DRAWS companies drawn from the customers there are."""
    random = np.random.default_rng(SEED)
    drawn = random.multinomial(counts.sum(), counts / counts.sum(), size=DRAWS)
    number = np.arange(1, int((years + left).max()) + 1)
    lost = drawn @ (left[:, None] & (years[:, None] + 1 == number)).astype(float)
    kept = drawn @ (years[:, None] >= number).astype(float)
    # The best point of a coarse grid, then twice of a finer one around it.
    axis = np.linspace(logit(LOW), logit(HIGH), GRID)
    mean, polarisation = (each.ravel()[None, :] for each in np.meshgrid(axis, axis))
    step = axis[1] - axis[0]
    for _ in range(3):
        mean, polarisation = _best(lost, kept, mean, polarisation)
        offsets = step * np.linspace(-1, 1, ZOOM)
        across, along = (each.ravel()[None, :] for each in np.meshgrid(offsets, offsets))
        mean, polarisation = (
            np.clip(point[:, None] + moved, logit(LOW), logit(HIGH))
            for point, moved in ((mean, across), (polarisation, along))
        )
        step = offsets[1] - offsets[0]
    mean, polarisation = _best(lost, kept, mean, polarisation)
    return expit(mean), expit(polarisation)


def _best(
    lost: np.ndarray, kept: np.ndarray, mean: np.ndarray, polarisation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each draw the best of its points (logits; draws x points, or one row for all draws)."""
    leaving, staying = log_chances(expit(mean.ravel()), expit(polarisation.ravel()), lost.shape[1])
    leaving, staying = (each.reshape(*mean.shape, -1) for each in (leaving, staying))
    if len(mean) == 1:
        likelihood = lost @ leaving[0].T + kept @ staying[0].T
    else:
        likelihood = np.einsum("dy,dpy->dp", lost, leaving)
        likelihood += np.einsum("dy,dpy->dp", kept, staying)
    best = np.argmax(likelihood, axis=1)
    rows = np.arange(len(lost)) if len(mean) > 1 else 0
    return mean[rows, best], polarisation[rows, best]


def residual_payments(alpha: np.ndarray, beta: np.ndarray, discount_rate: float) -> np.ndarray:
    """Discounted yearly payments still to come, by years kept: points x (OLDEST + 1)."""
    number = np.arange(1, LAST_YEAR + 1)
    retention = (beta[:, None] + number - 1) / ((alpha + beta)[:, None] + number - 1)
    survival = np.concatenate([np.ones((len(alpha), 1)), np.cumprod(retention, axis=1)], axis=1)
    weight = (1 + discount_rate) ** -np.arange(LAST_YEAR + 1.0)
    # From the end: what is still to come, each year discounted to the year before the payment.
    ahead = np.cumsum((survival * weight)[:, ::-1], axis=1)[:, ::-1]
    kept = np.arange(OLDEST + 1)
    return ahead[:, kept + 1] / (survival[:, kept] * weight[kept + 1])
