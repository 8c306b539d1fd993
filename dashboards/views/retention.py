"""Retention over time."""

from __future__ import annotations

from datetime import date

from dashboards import numbers
from dashboards.cut import EVERYTHING, RETENTION, Cut
from dashboards.published import Published
from dashboards.views import charts
from dashboards.views.view import BY_MONTH, Chart, Table, View

ROWS = "fct_account_retention_month"
COHORTS = "mart_retention_cohorts"
MONTHS = 24
AGES = (3, 6, 12, 18, 24, 36)
PARTS = {
    "NRR": ("nrr", charts.BLUE),
    "GRR": ("grr", charts.VERMILLION),
    "Logos": ("logo_retention", charts.GREY),
}


def retention(published: Published, cut: Cut = EVERYTHING) -> View:
    """NRR, GRR and logo retention over 12 months, month by month."""
    months = published.rows(
        f"select month, nrr, grr, logo_retention, is_complete"
        f" from {cut.months(RETENTION)} where nrr is not null and {cut.until()}"
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
        chart=Chart(
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
            exact=months,
        ),
        follows=BY_MONTH,
        is_table_folded=True,
        nothing="Retention over 12 months needs 12 months of ARR.",
        notes=(f"{numbers.month(months[-1]['month'])} is not over.",)
        if months and not months[-1]["is_complete"]
        else (),
    )


def retention_rows(published: Published, cut: Cut = EVERYTHING) -> View:
    """The accounts that make up NRR, GRR and logo churn of a month, what changed most first."""
    rows = published.rows(
        f"""
        select kept.month, kept.account_id, accounts.account_name, kept.opening_arr,
            kept.retained_arr, kept.retained_arr_capped, kept.is_logo, kept.is_retained,
            kept.is_complete, kept.retained_arr - kept.opening_arr as change,
            case when not kept.is_logo then 'no customer' when kept.is_retained then 'kept'
                else 'lost' end as logo
        from {ROWS} as kept
        left join dim_account as accounts using (account_id)
        where kept.month = (select max(month) from {ROWS} where {cut.until()})
            and {cut.rows("kept")}
        order by abs(change) desc, kept.account_id
        """
    )
    month = numbers.month(rows[0]["month"] if rows else cut.month)
    return View(
        key="retention-rows",
        title=f"Behind NRR, GRR and logo churn of {month}",
        question="Which customers of a year before pay more, less or nothing now?",
        sources=(ROWS,),
        table=Table.of(
            rows,
            (
                ("Account", "account_name", numbers.text),
                (">ARR a year before", "opening_arr", numbers.money),
                (">ARR now", "retained_arr", numbers.money),
                (">Change", "change", numbers.change),
                (">Counts for GRR", "retained_arr_capped", numbers.money),
                ("Logo", "logo", numbers.text),
            ),
        ),
        nothing="No customer of a year before is in here.",
        follows=BY_MONTH,
    )


def cohorts(published: Published, _: Cut = EVERYTHING) -> View:
    """Net retention of the customers who began in the same quarter, by age."""
    rows = published.rows(
        f"""
        with cohorts as (
            select *, date_trunc('quarter', cohort_month)::date as quarter,
                count_if(age_months = 0) over (partition by quarter) as begun
            from {COHORTS}
            where is_complete
        )
        select
            quarter,
            age_months,
            sum(cohort_accounts) as cohort_accounts,
            sum(accounts) as accounts,
            sum(cohort_arr) as cohort_arr,
            sum(arr) as arr,
            sum(accounts) / nullif(sum(cohort_accounts), 0) as logo_retention,
            cast(sum(arr) / nullif(sum(cohort_arr), 0) as double) as nrr
        from cohorts
        group by quarter, age_months
        -- An age counts when all months of the quarter have reached it.
        having count(*) = max(begun)
        order by quarter, age_months
        """
    )
    ages = {(row["quarter"], row["age_months"]): row for row in rows}
    quarters = sorted({row["quarter"] for row in rows}, reverse=True)

    def cell(quarter: date, age: int) -> str:
        row = ages.get((quarter, age))
        if row is None:
            return ""
        kept = f"{row['accounts']} of {row['cohort_accounts']}"
        return f"{numbers.percent(row['nrr'])} ({kept})"

    return View(
        key="cohorts",
        title="Cohorts",
        question="Do customers who began later stay better than those before them?",
        sources=(COHORTS,),
        chart=Chart(
            charts.heat(
                [
                    {
                        "cohort": _quarter(row["quarter"]),
                        "age": row["age_months"],
                        "nrr": row["nrr"],
                    }
                    for row in rows
                    if row["nrr"] is not None
                ],
                along="age",
                across="cohort",
                value="nrr",
                value_title="ARR, of the first month's",
                along_title="Months since the first",
            ),
            "Field of the share of its first ARR that each quarter pays, by months since",
        )
        if rows
        else None,
        table=Table(
            ["Began in", *(f">{age} months" for age in AGES)],
            [[_quarter(quarter), *(cell(quarter, age) for age in AGES)] for quarter in quarters],
            exact=rows,
        ),
        is_table_folded=True,
        nothing="No customer has begun yet.",
        notes=(
            "ARR in per cent of the first month's; customers who are left, of those who began. "
            "Months that are not over, and ages that not all of a quarter have reached, are out.",
        ),
    )


def _quarter(first: date) -> str:
    return f"{first.year} Q{(first.month + 2) // 3}"
