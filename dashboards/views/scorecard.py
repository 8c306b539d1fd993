"""What was reached of what was aimed at."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published
from dashboards.views.view import MONTH, Table, View

SCORECARD = "mart_scorecard"
ENDS = ("target", "target_high")
READ = {"share": numbers.percent, "points": numbers.level}


def scorecard(published: Published, cut: Cut = EVERYTHING) -> View:
    """Each target against what was reached in the newest month that is over, the missed first."""
    rows = published.rows(
        f"""
        select *, case when is_met is null then 'not known' when is_met then 'met'
            else 'missed' end as standing
        from {SCORECARD}
        where month = (select max(month) from {SCORECARD} where is_complete and {cut.until()})
        order by array_position(['missed', 'not known', 'met'], standing), label, benchmark
        """
    )
    label = numbers.month(rows[0]["month"]) if rows else ""
    found = [row["standing"] for row in rows]
    cells = []
    for row in rows:
        read, basis = READ[row["unit"]], row["measured_on"]
        # A range is met from its lower end on.
        aim = " to ".join(read(row[end]) for end in ENDS if row[end] is not None)
        rests_on = "nothing" if basis is None else numbers.money(basis)
        cells.append(
            [
                row["label"],
                aim,
                read(row["actual"]),
                row["standing"],
                row["measured_over"],
                rests_on,
            ]
        )
    return View(
        key="scorecard",
        title=f"Targets, {label}" if label else "Targets",
        question="Which targets are met, and which are missed?",
        sources=(SCORECARD,),
        sentences=(
            ", ".join(f"{found.count(each)} {each}" for each in ("met", "missed", "not known"))
            + ".",
        )
        if rows
        else (),
        table=Table(
            ["Target", ">Aim", ">Actual", "Standing", "Measured over", ">Rests on"],
            cells,
            exact=rows,
        ),
        nothing="No month is over yet.",
        notes=("Rests on: so many customers, ARR, seats, terms, touchpoints or reviews due.",),
        follows=(MONTH,),
    )
