"""Whether the figures can be trusted: what is missing, what came, how good the score was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from dashboards import numbers
from dashboards.published import Published, Row
from dashboards.views import charts, standing
from dashboards.views.view import Chart, Figure, Table, View

SHOWN = 20
BACKTEST = "mart_health_backtest"
CALIBRATION = "mart_health_calibration"
QUALITY = "mart_data_quality"
# Of two accounts, one of which leaves, a coin names the right one this often.
CHANCE = 0.5
SCORE, MODEL = "Health score", "Churn model"


def gaps(published: Published) -> View:
    """What is not known, with the ARR it touches and what to do about it."""
    rows = published.rows(
        """
        select gap, object_id, severity, what_is_missing, remedy, arr_affected, since, accepted_by
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
                for row in rows
            ],
            shown=SHOWN,
            exact=rows,
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
    wrong = [row["source_system"] for row in rows if row["findings"]]
    of_all = numbers.things(len(rows), "source")
    stale = list(standing.stale(published)) if rows else []
    if wrong:
        said = f"No: of {of_all} something was wrong with what {', '.join(wrong)} brought."
    elif stale:
        said = f"No: {stale[0]}"
    else:
        said = f"Yes: nothing was wrong with what {of_all} brought in the last load."
    return View(
        key="deliveries",
        title="What came last",
        question="Is today's data complete?",
        sources=("mart_deliveries", "mart_data_gaps"),
        sentences=(said,) if rows else (),
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
            exact=rows,
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
        is_sure = low is not None and high is not None
        between = f" (95 %: {numbers.percent(low)} to {numbers.percent(high)})" if is_sure else ""
        sentences += [
            _verdict(low, high),
            *_times(found),
            f"Of an account that left within {days} days and one that stayed, the score was worse "
            f"for the one that left in {numbers.percent(auc['value'])} of the pairs{between}; "
            f"50 % is chance. {auc['churned']} of {auc['accounts']} accounts left.",
        ]
    elif found:
        sentences.append("Not known: too few have left whose health was known.")
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
            ["Band", f">Left within {days} days", ">95 % interval", ">Customers who left"],
            rows,
            exact=list(found.values()),
        ),
        nothing="Too few customers have left to say.",
        notes=(
            "Counted at the end of each month: a customer is in each band that it had within "
            f"{days} days before it left, so the bands together have more than left.",
        ),
    )


def _verdict(low: float | None, high: float | None) -> str:
    """Say whether the score tells who leaves, by the interval of its share of pairs."""
    if low is None or high is None:
        return "Whether the score tells who leaves is not sure: too few have left."
    if low > CHANCE:
        return "Yes: the score tells better than chance who leaves."
    if high < CHANCE:
        return "No: the score is worse than chance at telling who leaves."
    return "Not proven: what the score tells may be chance."


def _times(found: Mapping[str, Row]) -> Iterator[str]:
    red, green = (found.get(f"churn_rate_{band}", {}).get("value") for band in ("red", "green"))
    if red and green:
        yield f"Accounts in red left {red / green:.1f} times as often as those in green."


def calibration(published: Published) -> View:
    """What the score and the model said of the chance to leave, against who left."""
    rows = published.rows(
        f"""
        select predictor, chance_from, chance_to, mean_chance, churn_rate, snapshots, accounts,
            churned_snapshots,
            case when predictor like 'model%' then $1 else $2 end as said_by
        from {CALIBRATION}
        where snapshot_type = 'month_end' and predictor in ('score_test', 'model_test')
        order by said_by, chance_from
        """,
        MODEL,
        SCORE,
    )
    judged = [row for row in rows if row["churn_rate"] is not None]
    return View(
        key="calibration",
        title="Does a chance of 10 % mean one in ten?",
        question="Can the chances be taken at their word?",
        sources=(CALIBRATION,),
        sentences=tuple(_at_its_word(rows)),
        chart=Chart(
            charts.against(
                judged,
                said="mean_chance",
                happened="churn_rate",
                part="said_by",
                colours={SCORE: charts.BLUE, MODEL: charts.VERMILLION},
                titles=("Chance to leave that was said", "Share that left"),
            ),
            "Points of the chance that was said against the share that left",
        )
        if judged
        else None,
        table=Table.of(
            rows,
            (
                ("Said by", "said_by", str),
                (">Chance from", "chance_from", numbers.percent),
                (">to", "chance_to", numbers.percent),
                (">Said on average", "mean_chance", numbers.percent),
                (">Left", "churn_rate", numbers.percent),
                (">Snapshots", "snapshots", numbers.count),
                (">Accounts", "accounts", numbers.count),
            ),
        ),
        is_table_folded=True,
        nothing="Too few customers have left to say.",
        notes=(
            "On months that neither had seen when it was made. Where fewer than "
            f"{published.publication.policy.get('backtest_least_churned', 5)} left, the share is "
            "not known and has no point.",
        ),
    )


def _at_its_word(rows: Sequence[Row]) -> Iterator[str]:
    """Yield how many were said to leave in all, against who left."""
    for said_by in dict.fromkeys(row["said_by"] for row in rows):
        own = [row for row in rows if row["said_by"] == said_by]
        snapshots = sum(row["snapshots"] for row in own)
        expected = sum(float(row["mean_chance"]) * row["snapshots"] for row in own)
        left = sum(row["churned_snapshots"] for row in own)
        yield (
            f"{said_by}: of {numbers.count(snapshots)} month ends of accounts it expected "
            f"{numbers.percent(expected / snapshots)} to be followed by a churn, and "
            f"{numbers.percent(left / snapshots)} were."
        )


def freshness(published: Published) -> View:
    """How far the data of each source reach: when things happened, not when they were loaded."""
    found = published.publication.newest_business_days
    figures = []
    for source, told in sorted(found.items()):
        newest = date.fromisoformat(told)
        behind = (published.as_of - newest).days
        since = "up to the as-of day" if behind <= 0 else f"{numbers.things(behind, 'day')} before"
        figures.append(Figure(source.capitalize(), told, since))
    return View(
        key="freshness",
        title="How far the data reach",
        question="Until which day is something known of each source?",
        sources=("mart_deliveries",),
        figures=tuple(figures),
        nothing="No source has told of a day.",
    )


def checks(quality: Published) -> View:
    """What the checks of the newest run found: those that are not passed, by what they protect."""
    rows = quality.rows(
        f"""
        select test, check_type, protects, description, status, failing_rows, failing_since,
            last_seen_good_at, last_run_at, severity, owner, remedy,
            failing_since::date as failing_on
        from {QUALITY}
        where status <> 'pass'
        order by array_position(['fail', 'not run', 'warn'], status), failing_since, test
        """
    )
    row = quality.row(
        f"select count(*) as checks, count_if(status = 'pass') as passed, max(last_run_at) as at"
        f" from {QUALITY}"
    )
    return View(
        key="checks",
        title="Checks",
        question="Does everything hold that must hold?",
        sources=(QUALITY,),
        sentences=(
            f"{numbers.count(row['passed'])} of {numbers.things(row['checks'], 'check')} passed, "
            f"last on {row['at']:%Y-%m-%d %H:%M} UTC.",
        )
        if row["checks"]
        else (),
        table=Table.of(
            rows,
            (
                ("Status", "status", str),
                ("Protects", "protects", numbers.text),
                ("What must hold", "description", numbers.text),
                (">Rows", "failing_rows", numbers.count),
                ("Since", "failing_on", numbers.day),
                ("What to do", "remedy", numbers.text),
            ),
            shown=SHOWN,
        ),
        nothing="No check has run yet.",
    )
