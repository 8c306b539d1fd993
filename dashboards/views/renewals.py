"""Renewals that lie ahead."""

from __future__ import annotations

from dashboards import numbers
from dashboards.published import Published
from dashboards.views import charts
from dashboards.views.view import Table, View

MONTHS = 6
SHOWN = 15
DAYS = 90


def renewals(published: Published, csm_id: str | None = None) -> View:
    """ARR that is due for renewal in the coming months, by the health of its accounts."""
    due = published.rows(
        f"""
        select
            renewals.due_on,
            renewals.due_month,
            renewals.atr,
            renewals.is_unconfirmed,
            renewals.cancel_requested_at,
            accounts.account_name,
            accounts.csm_name,
            coalesce(health.displayed_band, 'unknown') as band,
            health.reason_1
        from fct_renewal as renewals
        left join dim_account as accounts using (account_id)
        left join mart_health_score as health using (account_id)
        where
            renewals.outcome = 'pending'
            and renewals.due_month <= date_trunc('month', ?::date) + interval {MONTHS} month
            and (? is null or accounts.csm_id = ?)
        order by renewals.due_on, renewals.atr desc, renewals.subscription_id
        """,
        published.as_of,
        csm_id,
        csm_id,
    )
    ahead = [row for row in due if row["due_on"] > published.as_of]
    overdue = [row for row in due if row["due_on"] <= published.as_of]
    amounts: dict[tuple[str, str], float] = {}
    for row in ahead:
        for band in charts.BANDS:
            amounts.setdefault((numbers.month(row["due_month"]), band), 0.0)
        amounts[numbers.month(row["due_month"]), row["band"]] += float(row["atr"])
    soon = [row for row in ahead if (row["due_on"] - published.as_of).days <= DAYS]
    at_risk = [
        row for row in soon if row["band"] in ("red", "unknown") or row["cancel_requested_at"]
    ]
    currency = published.currency
    sentences = []
    if soon:
        sentences.append(
            f"In the next {DAYS} days {numbers.money(sum(row['atr'] for row in soon), currency)} "
            f"is due in {numbers.things(len(soon), 'term')}; "
            f"{numbers.money(sum(row['atr'] for row in at_risk), currency)} of it is of accounts "
            "whose health is red or not known, or that asked to cancel."
        )
    if overdue:
        sentences.append(
            f"{numbers.money(sum(row['atr'] for row in overdue), currency)} was due and nothing "
            f"says yet whether it was renewed ({numbers.things(len(overdue), 'term')})."
        )
    listed = sorted(
        [*overdue, *soon],
        key=lambda row: (row not in overdue and row not in at_risk, -row["atr"], row["due_on"]),
    )
    return View(
        key="renewals",
        title="Renewals ahead",
        question="Which renewals are at risk, and why?",
        sources=("fct_renewal", "mart_health_score", "dim_account"),
        sentences=tuple(sentences),
        chart=(
            charts.bars(
                [
                    {"month": month, "part": band, "arr": amount, "is_open": False}
                    for (month, band), amount in amounts.items()
                ],
                along="month",
                value="arr",
                part="part",
                colours=charts.BANDS,
                value_title=f"ARR due ({currency})",
            ),
            "Bars of the ARR due in each month by health band",
        )
        if amounts
        else None,
        table=Table(
            ["Due", "Account", ">ARR due", "Health", "First reason", "CSM"],
            [
                [
                    numbers.day(row["due_on"])
                    + (" (not confirmed)" if row["is_unconfirmed"] else ""),
                    numbers.text(row["account_name"]),
                    numbers.money(row["atr"]),
                    row["band"] + (", asked to cancel" if row["cancel_requested_at"] else ""),
                    row["reason_1"] or "",
                    numbers.text(row["csm_name"]),
                ]
                for row in listed[:SHOWN]
            ],
            left_out=max(len(listed) - SHOWN, 0),
        ),
        nothing="No term of longer than a month is due.",
        notes=("Customers who pay by the month without a term roll on and are not in here.",),
    )
