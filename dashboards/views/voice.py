"""What customers say when they are asked."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published
from dashboards.views import charts
from dashboards.views.view import MONTH, Chart, Figure, Table, View

VOICE = "mart_voice_of_customer"
MONTHS = 24
PARTS = {
    "By account": ("value", charts.BLUE),
    "By answer": ("value_response_weighted", charts.VERMILLION),
    "Low end of 95 %": ("ci_low", charts.GREY),
    "High end of 95 %": ("ci_high", charts.GREY),
}
# How the score of a survey is called, read and drawn.
SURVEYS = {"nps": ("NPS", numbers.level, ".0f"), "csat": ("CSAT", numbers.percent, ".0%")}


def nps(published: Published, cut: Cut = EVERYTHING) -> View:
    """NPS at the end of each month, with its interval."""
    return _score(published, cut, "nps")


def csat(published: Published, cut: Cut = EVERYTHING) -> View:
    """Share of satisfied customers at the end of each month, with its interval."""
    return _score(published, cut, "csat")


def _score(published: Published, cut: Cut, survey: str) -> View:
    name, read, form = SURVEYS[survey]
    rows = published.rows(
        f"""
        select *, snapshot_on < last_day(month) as is_open from {VOICE}
        where survey_type = ? and segment_type = 'total' and {cut.until()}
        order by month desc limit {MONTHS}
        """,
        survey,
    )
    for row in rows:
        row["between"] = f"{read(row['ci_low'])} to {read(row['ci_high'])}"
        row["label"] = numbers.month(row["month"]) + (" (open)" if row["is_open"] else "")
    parts = [
        {"month": numbers.month(row["month"]), "part": part, "score": float(row[column])}
        for row in reversed(rows)
        for part, (column, _) in PARTS.items()
        if row[column] is not None
    ]
    return View(
        key=survey,
        title=f"{name} over time",
        question=f"What do customers say of us when asked ({name}), and how sure is it?",
        sources=(VOICE,),
        figures=tuple(
            Figure(
                f"{name}, {row['label']}",
                read(row["value"]),
                f"by answer {read(row['value_response_weighted'])}, 95 %: {row['between']}",
                (VOICE, "value"),
            )
            for row in rows[:1]
        ),
        chart=Chart(
            charts.lines(
                parts,
                along="month",
                value="score",
                part="part",
                colours={part: colour for part, (_, colour) in PARTS.items()},
                form=form,
            ),
            f"Lines of {name} by account and by answer with its interval, two years",
        )
        if parts
        else None,
        table=Table.of(
            rows,
            (
                ("Month", "label", str),
                (">By account", "value", read),
                (">By answer", "value_response_weighted", read),
                (">95 % interval", "between", str),
                (">People", "respondents", numbers.count),
                (">Accounts", "accounts", numbers.count),
                (">Response rate", "response_rate", numbers.percent),
            ),
        ),
        is_table_folded=True,
        nothing=f"No survey of {name} is known.",
        notes=("By account each account counts the same, by answer each person who answered.",),
        follows=(MONTH,),
    )
