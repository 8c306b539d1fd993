"""Retention over time."""

from __future__ import annotations

from dashboards import numbers
from dashboards.published import Published
from dashboards.views import charts
from dashboards.views.view import Table, View

RETENTION = "mart_retention_monthly"
MONTHS = 24
PARTS = {
    "NRR": ("nrr", charts.BLUE),
    "GRR": ("grr", charts.VERMILLION),
    "Logos": ("logo_retention", charts.GREY),
}


def retention(published: Published) -> View:
    """NRR, GRR and logo retention over 12 months, month by month."""
    months = published.rows(
        f"select month, nrr, grr, logo_retention, is_complete from {RETENTION}"
        " where segment_type = 'total' and nrr is not null"
        f" order by month desc limit {MONTHS}"
    )[::-1]
    parts = [
        {"month": numbers.month(row["month"]), "part": part, "share": float(row[column])}
        for row in months
        for part, (column, _) in PARTS.items()
        if row[column] is not None
    ]
    return View(
        key="retention",
        title="Retention over 12 months",
        question="Of what customers paid a year before, how much do they pay now?",
        sources=(RETENTION,),
        chart=(
            charts.lines(
                parts,
                along="month",
                value="share",
                part="part",
                colours={part: colour for part, (_, colour) in PARTS.items()},
            ),
            "Lines of NRR, GRR and logo retention of the last two years",
        )
        if parts
        else None,
        table=Table(
            ["Month", *(f">{part}" for part in PARTS)],
            [
                [
                    numbers.month(row["month"]) + ("" if row["is_complete"] else " (open)"),
                    *(numbers.percent(row[column]) for column, _ in PARTS.values()),
                ]
                for row in reversed(months)
            ],
        ),
        is_table_folded=True,
        nothing="Retention over 12 months needs 12 months of ARR.",
        notes=(f"{numbers.month(months[-1]['month'])} is not over.",)
        if months and not months[-1]["is_complete"]
        else (),
    )
