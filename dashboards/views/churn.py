"""Who left, and why."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published
from dashboards.views.view import BY_MONTH, Table, View

MONTHS = 12


def churn(published: Published, cut: Cut = EVERYTHING) -> View:
    """The churn of the last 12 months by reason."""
    last = cut.month or published.as_of
    rows = published.rows(
        f"""
        select
            reason,
            count(*) as accounts,
            sum(arr_lost) as arr_lost,
            count(*) filter (not is_voluntary) as involuntary,
            count(*) filter (is_controllable) as controllable,
            count(*) filter (is_controllable is null) as unjudged,
            count(*) filter (returned_month is not null) as returned
        from mart_churn_events as events
        where is_logo and {cut.members("events", "events.month")} and month <= ?
            and month > date_trunc('month', ?::date) - interval {MONTHS} month
        group by all
        order by arr_lost desc, reason
        """,
        last,
        last,
    )
    lost = sum(row["arr_lost"] for row in rows)
    return View(
        key="churn",
        title="Why customers left",
        question=f"What did customers say who left in the 12 months up to {numbers.month(last)}, "
        "and what did it cost?",
        sources=("mart_churn_events",),
        sentences=(
            f"{numbers.things(sum(row['accounts'] for row in rows), 'customer')} with "
            f"{numbers.money(lost, published.currency)} of ARR left; "
            f"{sum(row['returned'] for row in rows)} of them came back since.",
        )
        if rows
        else (),
        table=Table(
            ["Reason", ">Customers", ">ARR lost", ">Did not pay", ">Controllable", ">Not judged"],
            [
                [
                    numbers.text(row["reason"]).replace("_", " ").capitalize(),
                    numbers.count(row["accounts"]),
                    numbers.money(row["arr_lost"]),
                    *(
                        numbers.count(row[column])
                        for column in ("involuntary", "controllable", "unjudged")
                    ),
                ]
                for row in rows
            ],
            exact=rows,
        ),
        nothing="Nobody left in the 12 months.",
        follows=BY_MONTH,
    )
