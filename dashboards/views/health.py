"""Health: how it is spread over the accounts, and how that has moved."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published, Row
from dashboards.views import charts
from dashboards.views.view import BY_MONTH, Chart, Table, View

HEALTH = "mart_health_score"
HISTORY = "mart_health_history"
MONTHS = 13


def bands(published: Published, cut: Cut) -> list[Row]:
    """Return accounts and ARR of each health band: today's, or those of an earlier month's close.

    Args:
        published: The published tables.
        cut: What of them; a month before the newest asks for that month.
    """
    newest = published.row("select max(month) as month from fct_account_month")["month"]
    if cut.month is None or newest is None or cut.month >= newest:
        rows = f"{HEALTH} as health where {cut.today('health')}"
    else:
        when = f"date '{cut.month}'"
        rows = f"{HISTORY} as health where month = {when} and {cut.members('health', when)}"
    return published.rows(
        "select displayed_band as band, count(*) as accounts, sum(arr) as arr"
        f" from {rows} group by displayed_band"
    )


def health(published: Published, cut: Cut = EVERYTHING) -> View:
    """ARR by health band at the close of the last 13 months."""
    rows = published.rows(
        f"""
        select health.month, months.is_complete, health.displayed_band as band,
            count(*) as accounts, sum(health.arr) as arr
        from {HISTORY} as health
        left join (select distinct month, is_complete from fct_account_month) as months
            using (month)
        where {cut.until("health.month")} and {cut.members("health", "health.month")}
            and health.month > coalesce(
                {f"date '{cut.month}'" if cut.month else "null"},
                (select max(month) from {HISTORY})
            ) - interval {MONTHS} month
        group by all
        order by health.month
        """
    )
    spread: dict[str, dict[str, Row]] = {}
    for row in rows:
        label = numbers.month(row["month"]) + (" (open)" if row["is_complete"] is False else "")
        spread.setdefault(label, {})[row["band"]] = row
    parts = [
        {
            "month": label,
            "part": band,
            "arr": float(found[band]["arr"] or 0) if band in found else 0.0,
            "is_open": label.endswith("(open)"),
        }
        for label, found in spread.items()
        for band in charts.BANDS
    ]
    return View(
        key="health",
        title="Health of the book",
        question="How much ARR is healthy, and is that getting better?",
        sources=(HISTORY,),
        chart=Chart(
            charts.bars(
                parts,
                along="month",
                value="arr",
                part="part",
                colours=charts.BANDS,
                value_title=f"ARR ({published.currency})",
            ),
            "Bars of ARR by health band at the close of each month",
        )
        if parts
        else None,
        table=Table(
            ["Month", *(f">{band.capitalize()}" for band in charts.BANDS)],
            [
                [
                    label,
                    *(
                        f"{numbers.money(found[band]['arr'])} ({found[band]['accounts']})"
                        if band in found
                        else numbers.count(0)
                        for band in charts.BANDS
                    ),
                ]
                for label, found in reversed(spread.items())
            ],
            exact=rows,
        ),
        is_table_folded=True,
        nothing="No account has a health score yet.",
        notes=("ARR of accounts under contract; behind it how many accounts.",) if rows else (),
        follows=BY_MONTH,
    )
