"""What customers who left had stopped using before."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published
from dashboards.views.view import BY_MONTH, Table, View

USE = "fct_account_feature_month"
EVENTS = "mart_churn_events"
MONTHS = 12
NAMED = 3


def stopped(published: Published, cut: Cut = EVERYTHING) -> View:
    """Each feature: how many who left had stopped using it, and how many of those who stayed.

    Used: in the fourth to sixth month before. Stopped: not in the three months before. Before the
    month of leaving, and for who stayed before the month that is looked at.
    """
    last = cut.month or published.as_of.replace(day=1)
    rows = published.rows(
        f"""
        with everybody as (
            select distinct 'left' as fate, events.account_id, events.month
            from {EVENTS} as events
            where is_logo and {cut.members("events", "events.month")} and month <= $1
                and month > $1::date - interval {MONTHS} month
            union all
            select 'stayed', stayed.account_id, stayed.month
            from fct_account_month as stayed
            where stayed.month = $1 and stayed.closing_arr > 0 and {cut.rows("stayed")}
        ),
        used as (
            select
                everybody.fate, everybody.account_id, everybody.month, uses.feature,
                bool_or(uses.is_key_feature) as is_key_feature,
                bool_or(uses.active_users > 0
                    and uses.month < everybody.month - interval 3 month) as had_used,
                bool_or(uses.active_users > 0
                    and uses.month >= everybody.month - interval 3 month) as uses_still
            from everybody
            inner join {USE} as uses
                on everybody.account_id = uses.account_id
                and uses.month >= everybody.month - interval 6 month
                and uses.month < everybody.month
            group by everybody.fate, everybody.account_id, everybody.month, uses.feature
        )
        select
            feature,
            replace(feature, '_', ' ') || if(bool_or(is_key_feature), ' (key)', '') as name,
            count_if(fate = 'left') as left_used,
            count_if(fate = 'left' and not uses_still) as left_stopped,
            left_stopped / nullif(left_used, 0) as left_share,
            count_if(fate = 'stayed') as stayed_used,
            count_if(fate = 'stayed' and not uses_still) as stayed_stopped,
            stayed_stopped / nullif(stayed_used, 0) as stayed_share
        from used
        where had_used
        group by feature
        having left_used > 0
        -- How many more stopped than would have at the rate of those who stayed.
        order by left_stopped - left_used * coalesce(stayed_share, 0) desc, feature
        """,
        last,
    )
    worst = [row for row in rows if row["left_share"] > (row["stayed_share"] or 0)]
    told = ", ".join(
        f"{row['name']} ({row['left_stopped']} of {row['left_used']}; of those who stayed "
        f"{numbers.percent(row['stayed_share'])})"
        for row in worst[:NAMED]
    )
    said = (
        f"Stopped more often by who left than by who stayed: {told}."
        if worst
        else "No feature was stopped more often by who left than by who stayed."
    )
    return View(
        key="stopped",
        title="What customers stopped using before they left",
        question="Which feature did customers who left stop using?",
        sources=(USE, EVENTS),
        sentences=(said,) if rows else (),
        table=Table.of(
            rows,
            (
                ("Feature", "name", str),
                (">Left, had used it", "left_used", numbers.count),
                (">Had stopped", "left_stopped", numbers.count),
                (">Of them", "left_share", numbers.percent),
                (">Stayed, had used it", "stayed_used", numbers.count),
                (">Have stopped", "stayed_stopped", numbers.count),
                (">Of those", "stayed_share", numbers.percent),
            ),
        ),
        nothing="Nobody who left in the 12 months is known to have used a feature before.",
        notes=(
            f"Customers who left in the 12 months up to {numbers.month(last)}. Had used it: in the "
            "fourth to sixth month before the one in which they left; had stopped: in none of the "
            "three months before. For who stayed, before this month. Few who left prove little.",
        ),
        follows=BY_MONTH,
    )
