"""What a controller looks at: ARR against the bills, and what was closed."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import BRIDGE, EVERYTHING, RETENTION, Cut
from dashboards.published import Published, Row
from dashboards.views.view import BY_MONTH, MONTH, Figure, Table, View

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


def tie_out(published: Published, cut: Cut = EVERYTHING) -> View:
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
        where month = (select max(month) from {TIE_OUT} where is_complete and {cut.until()})
        group by month
        """
    )
    if not sums:
        return _tie_out((), Table([], []))
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
        exact=(sums,),
    )
    notes = tuple(
        f"{numbers.text(row['account_name'])}: billed {numbers.money(row['billed_revenue'])} for "
        f"{numbers.money(row['expected_revenue'])} ({(row['finding'] or row['reason'])})".replace(
            "_", " "
        )
        for row in _exceptions(published, Cut(month=cut.month))[:SHOWN]
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
        follows=(MONTH,),
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


def _exceptions(published: Published, cut: Cut) -> list[Row]:
    return published.rows(
        f"""
        select ties.month, ties.account_id, accounts.account_name, ties.expected_revenue,
            ties.billed_revenue, ties.variance, ties.reason, ties.finding,
            {", ".join(f"ties.{column}" for column in REASONS)}
        from {TIE_OUT} as ties
        left join dim_account as accounts using (account_id)
        where ties.is_exception and {cut.members("ties", "ties.month")}
            and ties.month = (select max(month) from {TIE_OUT} where is_complete and {cut.until()})
        order by abs(ties.variance) desc, ties.account_id
        """
    )


def exceptions(published: Published, cut: Cut = EVERYTHING) -> View:
    """The accounts of a month whose bills do not explain their ARR, the largest first."""
    rows = _exceptions(published, cut)
    looked_at = published.row(
        f"select max(month) as month from {TIE_OUT} where is_complete and {cut.until()}"
    )["month"]
    month = f", {numbers.month(rows[0]['month'])}" if rows else ""
    return View(
        key="exceptions",
        title=f"Accounts to look into{month}",
        question="Which bills do not explain the ARR they belong to?",
        sources=(TIE_OUT,),
        table=Table.of(
            rows,
            (
                ("Account", "account_name", numbers.text),
                (">Expected", "expected_revenue", numbers.money),
                (">Billed", "billed_revenue", numbers.money),
                (">Difference", "variance", numbers.change),
                ("Largest cause", "reason", numbers.words),
                ("What was found", "finding", numbers.words),
            ),
        ),
        nothing=f"Every difference of {numbers.month(looked_at)} is explained."
        if looked_at
        else "There is no complete month with bills.",
        follows=BY_MONTH,
    )


def as_reported(published: Published, cut: Cut = EVERYTHING) -> View:
    """Closed months: ARR, NRR and GRR as they were reported, beside what they are known as now."""
    if len(cut.chosen) > 1:
        rows = []
    else:
        rows = published.rows(
            f"""
            select reported.close_month as month, reported.closed_at, reported.closed_by,
                reported_bridge.closing_arr as arr_as_reported, bridge.closing_arr as arr_now,
                bridge.closing_arr - reported_bridge.closing_arr as arr_change,
                reported.nrr as nrr_as_reported, kept.nrr as nrr_now,
                reported.grr as grr_as_reported, kept.grr as grr_now
            from mart_retention_as_reported as reported
            left join (from mart_arr_bridge_as_reported where is_closed) as reported_bridge
                on reported_bridge.month = reported.close_month
                and reported_bridge.segment_type = reported.segment_type
                and reported_bridge.segment_value = reported.segment_value
            left join {cut.months(BRIDGE)} as bridge on bridge.month = reported.close_month
            left join {cut.months(RETENTION)} as kept on kept.month = reported.close_month
            where {cut.single("reported")} and {cut.until("reported.close_month")}
            order by reported.close_month desc
            """
        )
    return View(
        key="as-reported",
        title="As reported, and as known now",
        question="Would the reported figures come out the same today?",
        sources=("mart_retention_as_reported", "mart_arr_bridge_as_reported"),
        table=Table.of(
            rows,
            (
                ("Month", "month", numbers.month),
                (">ARR reported", "arr_as_reported", numbers.money),
                (">ARR now", "arr_now", numbers.money),
                (">Restated", "arr_change", numbers.change),
                (">NRR reported", "nrr_as_reported", numbers.percent),
                (">NRR now", "nrr_now", numbers.percent),
                (">GRR reported", "grr_as_reported", numbers.percent),
                (">GRR now", "grr_now", numbers.percent),
            ),
        ),
        nothing="No month has been closed (csw close)."
        if len(cut.chosen) < 2
        else "Several filters together were never reported: take one of them out.",
        follows=BY_MONTH,
    )
