"""What to do next, account by account."""

from __future__ import annotations

from dashboards import numbers
from dashboards.published import Published
from dashboards.views.view import Table, View

SHOWN = 12


def worklist(published: Published, csm_id: str | None = None) -> View:
    """Accounts with an open risk signal, the most ARR at risk first."""
    rows = published.rows(
        """
        select
            worklist.account_name,
            worklist.arr_at_risk,
            worklist.top_signal_label,
            worklist.evidence,
            worklist.opened_on,
            worklist.next_action,
            worklist.due_on,
            worklist.is_overdue,
            worklist.owner_name
        from mart_cs_worklist as worklist
        left join dim_account as accounts using (account_id)
        where ? is null or worklist.owner = ? or accounts.csm_id = ?
        order by worklist.rank
        """,
        csm_id,
        csm_id,
        csm_id,
    )
    return View(
        key="worklist",
        title="What to do next",
        question="Which accounts need somebody today?",
        sources=("mart_cs_worklist",),
        table=Table(
            ["Account", ">ARR at risk", "Signal", "Evidence", "Since", "Next step", "Due", "Owner"],
            [
                [
                    numbers.text(row["account_name"]),
                    numbers.money(row["arr_at_risk"]),
                    row["top_signal_label"],
                    row["evidence"] or "",
                    numbers.day(row["opened_on"]),
                    row["next_action"] or "",
                    ("" if row["due_on"] is None else numbers.day(row["due_on"]))
                    + (" (overdue)" if row["is_overdue"] else ""),
                    numbers.text(row["owner_name"]),
                ]
                for row in rows[:SHOWN]
            ],
            left_out=max(len(rows) - SHOWN, 0),
        ),
        nothing="No risk signal is open.",
    )


def book(published: Published, csm_id: str) -> View:
    """The accounts of one customer success manager, the worst health first."""
    rows = published.rows(
        """
        select account_name, arr, displayed_band, displayed_score, trend_30d, reason_1, renewal_on
        from mart_health_score
        where csm_id = ?
        order by displayed_score nulls last, arr desc, account_id
        """,
        csm_id,
    )
    return View(
        key="book",
        title="Accounts",
        question="How are the accounts of this book?",
        sources=("mart_health_score",),
        sentences=(
            f"{numbers.things(len(rows), 'account')} under contract with "
            f"{numbers.money(sum(row['arr'] or 0 for row in rows), published.currency)} of ARR.",
        )
        if rows
        else (),
        table=Table(
            ["Account", ">ARR", "Health", ">Score", ">In 30 days", "First reason", "Renewal"],
            [
                [
                    numbers.text(row["account_name"]),
                    numbers.money(row["arr"]),
                    row["displayed_band"],
                    numbers.score(row["displayed_score"]),
                    numbers.UNKNOWN
                    if row["trend_30d"] is None
                    else numbers.count(round(row["trend_30d"]), is_change=True),
                    row["reason_1"] or "",
                    "none" if row["renewal_on"] is None else numbers.day(row["renewal_on"]),
                ]
                for row in rows
            ],
        ),
        nothing="No account under contract is of this book.",
    )
