"""Whether the figures can be trusted: what is missing, what came, how good the score was."""

from __future__ import annotations

from dashboards import numbers
from dashboards.published import Published
from dashboards.views.view import Table, View

SHOWN = 20
BACKTEST = "mart_health_backtest"


def gaps(published: Published) -> View:
    """What is not known, with the ARR it touches and what to do about it."""
    rows = published.rows(
        """
        select severity, what_is_missing, remedy, arr_affected, since, accepted_by
        from mart_data_gaps
        where severity <> 'info'
        order by
            accepted_by is not null, severity = 'warning', arr_affected desc nulls last, object_id
        """
    )
    return View(
        key="gaps",
        title="What is not known",
        question="Which figures stand on data that are missing or contradict each other?",
        sources=("mart_data_gaps",),
        table=Table(
            ["Severity", "What is missing", ">ARR in doubt", "Since", "What to do"],
            [
                [
                    row["severity"]
                    + (f", accepted by {row['accepted_by']}" if row["accepted_by"] else ""),
                    row["what_is_missing"],
                    numbers.money(row["arr_affected"]),
                    "" if row["since"] is None else numbers.day(row["since"]),
                    row["remedy"] or "",
                ]
                for row in rows[:SHOWN]
            ],
            left_out=max(len(rows) - SHOWN, 0),
        ),
        nothing="Nothing is known to be missing.",
    )


def deliveries(published: Published) -> View:
    """When each source brought something last, and what was wrong with it."""
    rows = published.rows(
        """
        select
            source_system,
            max(loaded_at) filter (rows_loaded > 0) as brought_at,
            max(loaded_at) as loaded_at,
            string_agg(distinct finding, ', ' order by finding)
                filter (is_newest) as findings
        from (
            select *, run_id = max_by(run_id, loaded_at) over (partition by source_system)
                as is_newest
            from mart_deliveries
        )
        group by source_system
        order by source_system
        """
    )
    return View(
        key="deliveries",
        title="What came last",
        question="Is today's data complete?",
        sources=("mart_deliveries",),
        table=Table(
            ["Source", "Last load (UTC)", "Last brought something new (UTC)", "What was wrong"],
            [
                [
                    row["source_system"],
                    f"{row['loaded_at']:%Y-%m-%d %H:%M}",
                    numbers.UNKNOWN
                    if row["brought_at"] is None
                    else f"{row['brought_at']:%Y-%m-%d %H:%M}",
                    (row["findings"] or "nothing").replace("_", " "),
                ]
                for row in rows
            ],
        ),
        nothing="No load is on record.",
    )


def backtest(published: Published) -> View:
    """How well the health score told who would leave, on past data it had not seen."""
    found = {
        row["metric"]: row
        for row in published.rows(
            f"select metric, value, ci_low, ci_high, accounts, churned from {BACKTEST}"
            " where segment_type = 'total' and snapshot_type = 'month_end'"
        )
    }
    days = published.publication.policy.get("churn_horizon_days", 90)
    auc = found.get("auc", {})
    sentences = []
    if auc.get("value") is not None:
        low, high = auc["ci_low"], auc["ci_high"]
        between = "" if low is None or high is None else f" (95 % between {low:.2f} and {high:.2f})"
        sentences.append(
            f"Of an account that left within {days} days and one that stayed, the score was worse "
            f"for the one that left in {numbers.percent(auc['value'])} of the pairs{between}; "
            f"50 % is chance. {auc['churned']} of {auc['accounts']} accounts left."
        )
    rows = [
        [
            band,
            numbers.percent(row["value"]),
            numbers.UNKNOWN
            if row["ci_low"] is None
            else f"{numbers.percent(row['ci_low'])} to {numbers.percent(row['ci_high'])}",
            numbers.count(row["churned"]),
        ]
        for band in ("red", "yellow", "green", "unknown")
        if (row := found.get(f"churn_rate_{band}")) and row["value"] is not None
    ]
    return View(
        key="backtest",
        title="How good the health score was",
        question="Can the score be trusted?",
        sources=(BACKTEST,),
        sentences=tuple(sentences),
        table=Table(
            ["Band", f">Left within {days} days", ">95 % interval", ">Customers who left"], rows
        ),
        nothing="Too few customers have left to say.",
    )
