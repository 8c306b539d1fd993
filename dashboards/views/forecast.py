"""What is expected of the renewals of the next 90 days, and how good such forecasts were."""

from __future__ import annotations

from dashboards import numbers
from dashboards.published import Published, Row
from dashboards.views.view import Table, View

FORECAST = "mart_renewal_forecast"
ACCURACY = "mart_forecast_accuracy"
OURS = "by health and segment"
MADE_FOR = 0.8


def forecast(published: Published) -> View:
    """Of the terms due in 90 days: what is committed, expected and possible."""
    row = published.row(f"from {FORECAST} where forecast_on = as_of_date")
    rows = [
        {"what": title, "amount": row[name], "means": means}
        for title, name, means in (
            ("ARR due", "atr", ""),
            ("Committed", "committed", "renewed early, or renews by itself and is not at risk"),
            ("Expected", "expected", _interval(row)),
            ("Best case", "best_case", "all but what is under notice"),
        )
        if row
    ]
    said = ()
    if row and row["expected"] is None:
        said = (
            f"What to expect is not known: too few terms of the past are decided for "
            f"{numbers.money(row['unrated_atr'], published.currency)} of it.",
        )
    return View(
        key="forecast",
        title="Renewals of the next 90 days",
        question="How much of what is due soon will be renewed?",
        sources=(FORECAST,),
        sentences=said,
        table=Table.of(
            rows,
            (("What", "what", str), (">ARR", "amount", numbers.money), ("Meaning", "means", str)),
        ),
        nothing="No term of longer than a month ends in the next 90 days.",
        notes=(
            "Expected: the rate at which terms in the same segment and health band were renewed; "
            "1 for what was renewed early, 0 with notice. Beside it: between what it should lie in "
            f"{numbers.percent(MADE_FOR)} of cases, if each account decides for itself; what moves "
            "many at once is not in it.",
        ),
    )


def accuracy(published: Published) -> View:
    """How far off the renewal forecasts of the past were, against simpler ones."""
    rows = published.rows(f"from {ACCURACY} order by method = 'all renew', method <> '{OURS}'")
    for row in rows:
        row["shown"] = f"{row['method']} (shown)" if row["method"] == OURS else row["method"]
    return View(
        key="accuracy",
        title="Renewal forecasts of the past",
        question="Can the renewal forecast be trusted?",
        sources=(ACCURACY,),
        sentences=_judgement(rows),
        table=Table.of(
            rows,
            (
                ("Forecast", "shown", str),
                (">Forecasts", "forecasts", numbers.count),
                (">Off by, of what was renewed", "absolute_error_rate", numbers.percent),
                (">Too much promised", "bias", numbers.percent),
                (">In its interval", "interval_coverage", numbers.percent),
            ),
        ),
        nothing="No forecast of the past is decided yet.",
        notes=(
            "One forecast a week, each from what was known that day. Neighbouring weeks share most "
            f"of their terms. An interval is made for {numbers.percent(MADE_FOR)}.",
        ),
    )


def _interval(row: Row) -> str:
    if not row or row["expected_low"] is None:
        return ""
    ends = (numbers.money(row[name]) for name in ("expected_low", "expected_high"))
    return " to ".join(ends)


def _judgement(rows: list[Row]) -> tuple[str, ...]:
    errors = {row["method"]: row["absolute_error_rate"] for row in rows}
    if errors.get(OURS) is None:
        return ()
    better = [name for name, error in errors.items() if error < errors[OURS]]
    first = (
        f"No: “{better[0]}” would have been closer."
        if better
        else "It was closer than both simpler ones."
    )
    covered = next(row["interval_coverage"] for row in rows if row["method"] == OURS)
    if covered is None:
        return (first,)
    width = "too narrow" if covered < MADE_FOR else "wide enough"
    return (
        first,
        f"Its intervals were {width}: what was renewed lay in {numbers.percent(covered)} of them, "
        f"and they are made for {numbers.percent(MADE_FOR)}.",
    )
