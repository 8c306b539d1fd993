"""What a controller looks at: ARR against the bills, and what was closed."""

from __future__ import annotations

from dashboards import numbers
from dashboards.published import Published
from dashboards.views.view import Figure, Table, View

TIE_OUT = "mart_arr_tie_out"
SHOWN = 10
REASONS = {
    "variance_timing": "Timing: billed earlier or later than it is earned",
    "variance_credit": "Credits and write-offs",
    "variance_one_time": "One-time charges",
    "variance_usage": "Usage",
    "variance_fx": "Exchange rates",
    "variance_free_period": "Free periods",
    "variance_kept_after_end": "Kept after the end of the contract",
    "variance_discount_period": "Discounts of one bill",
    "variance_unmatched_customer": "Bills whose customer has no account",
    "variance_unexplained": "Unexplained",
}


def tie_out(published: Published) -> View:
    """ARR of the last complete month against what was billed for it, each difference by cause."""
    sums = published.row(
        f"""
        select
            month,
            sum(expected_revenue) as expected,
            sum(billed_revenue) as billed,
            sum(variance) as variance,
            count(*) filter (is_exception) as exceptions,
            {", ".join(f"sum({column}) as {column}" for column in REASONS)}
        from {TIE_OUT}
        where month = (select max(month) from {TIE_OUT} where is_complete)
        group by month
        """
    )
    if not sums:
        return _tie_out((), Table([], []))
    exceptions = published.rows(
        f"""
        select accounts.account_name, ties.expected_revenue, ties.billed_revenue, ties.reason,
            ties.finding, ties.variance
        from {TIE_OUT} as ties
        left join dim_account as accounts using (account_id)
        where ties.month = ? and ties.is_exception
        order by abs(ties.variance) desc, ties.account_id
        """,
        sums["month"],
    )
    currency = published.currency
    month = numbers.month(sums["month"])
    figures = (
        Figure(
            f"ARR / 365 for each day of {month}",
            numbers.money(sums["expected"], currency),
            source=(TIE_OUT, "expected_revenue"),
        ),
        Figure(
            "Billed for it",
            numbers.money(sums["billed"], currency),
            source=(TIE_OUT, "billed_revenue"),
        ),
        Figure(
            "Difference",
            numbers.money(sums["variance"], currency, is_change=True),
            source=(TIE_OUT, "variance"),
        ),
        Figure(
            "Accounts to look into",
            numbers.count(sums["exceptions"]),
            source=(TIE_OUT, "is_exception"),
        ),
    )
    causes = Table(
        [f"Cause of the difference, {month}", f">{currency or 'Amount'}"],
        [
            [title, numbers.money(sums[column], is_change=True)]
            for column, title in REASONS.items()
            if sums[column]
        ],
    )
    notes = tuple(
        f"{numbers.text(row['account_name'])}: billed {numbers.money(row['billed_revenue'])} for "
        f"{numbers.money(row['expected_revenue'])} ({(row['finding'] or row['reason'])})".replace(
            "_", " "
        )
        for row in exceptions[:SHOWN]
    )
    return _tie_out(figures, causes, notes)


def _tie_out(figures: tuple[Figure, ...], table: Table, notes: tuple[str, ...] = ()) -> View:
    return View(
        key="tie-out",
        title="ARR against billing",
        question="Is what counts as ARR what customers are billed?",
        sources=(TIE_OUT,),
        figures=figures,
        table=table,
        nothing="There is no complete month with ARR and bills.",
        notes=notes,
    )


def close(published: Published) -> View:
    """The months that were closed, and what has moved in them since."""
    last = published.row(
        "select close_month, closing_arr, closed_at, closed_by from fct_close where is_last"
    )
    sentences: tuple[str, ...] = ()
    rows: list[list[str]] = []
    if last:
        currency = published.currency
        sentences = (
            f"The last closed month is {numbers.month(last['close_month'])}, closed by "
            f"{last['closed_by']} on {numbers.day(last['closed_at'].date())} with "
            f"{numbers.money(last['closing_arr'], currency)} of ARR.",
        )
        rows = [
            [
                numbers.month(row["close_month"]),
                row["cause"].replace("_", " "),
                numbers.money(row["difference"], is_change=True),
                numbers.count(row["accounts"]),
            ]
            for row in published.rows(
                "select close_month, cause, sum(difference) as difference, count(*) as accounts"
                " from mart_restatements group by all order by close_month desc, cause"
            )
        ]
        if not rows:
            sentences += ("What was closed has not moved since.",)
    return View(
        key="close",
        title="Closed months",
        question="Has anything moved that was already reported?",
        sources=("fct_close", "mart_restatements"),
        sentences=sentences,
        table=Table(["Month", "Cause", ">Restated ARR", ">Accounts"], rows),
        nothing="No month has been closed (csw close).",
    )
