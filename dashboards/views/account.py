"""One account: what a person wants to see about it before calling."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards import numbers
from dashboards.published import Published
from dashboards.views import charts
from dashboards.views.accounts import AT_ITS_OPENING
from dashboards.views.view import Chart, Figure, Table, View

ACCOUNT = "mart_account_360"
COMPONENTS = "mart_health_components"
SCORES = "mart_health_score"
USAGE = "fct_account_usage_day"
WEEKS = 26
SHOWN = 12


def overview(published: Published, account_id: str) -> View:
    """What is known of an account today."""
    row = published.row(f"from {ACCOUNT} where account_id = ?", account_id)
    currency = published.currency
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    if row:
        year = row["arr_12m_ago"]
        moved = None if year is None or row["arr"] is None else row["arr"] - year
        told = (
            ("ARR", numbers.money(row["arr"], currency), "arr", _since(moved)),
            ("Renewal", _renewal(row["renewal_on"]), "renewal_on", _in(row["days_to_renewal"])),
            ("Health", row["health_band"] or numbers.UNKNOWN, "health_band", _score(row)),
            (
                "Active users, 28 days",
                numbers.count(row["active_users_28d"]),
                "active_users_28d",
                "",
            ),
            ("Seats in use", numbers.percent(row["seat_utilisation"]), "seat_utilisation", ""),
            (
                "Key features in use",
                numbers.percent(row["key_feature_activation"]),
                "key_feature_activation",
                "",
            ),
            (
                "Open tickets",
                numbers.count(row["open_tickets"]),
                "open_tickets",
                f"{numbers.count(row['breached_open_tickets'])} past target",
            ),
            ("Satisfied with tickets", numbers.percent(row["csat"]), "csat", ""),
            ("Last NPS", numbers.score(row["last_nps_score"]), "last_nps_score", _nps(row)),
            (
                "Past due",
                numbers.money(row["past_due_amount"], currency),
                "past_due_amount",
                "",
            ),
        )
        figures = tuple(
            Figure(title, value, change, (ACCOUNT, column)) for title, value, column, change in told
        )
        asked = row["cancel_requested_at"]
        notes = (
            f"{numbers.text(row['segment'])}, {numbers.text(row['industry'])}, "
            f"{numbers.text(row['country'])}; stage {numbers.text(row['lifecycle_stage'])}; "
            f"CSM {numbers.text(row['csm_name'])}; since {numbers.day(row['started_on'])}.",
            *((f"Asked to cancel on {numbers.day(asked.date())}.",) if asked else ()),
        )
    return View(
        key="account",
        title=numbers.text(row.get("account_name")),
        question="How does this account stand?",
        sources=(ACCOUNT,),
        figures=figures,
        notes=notes,
        nothing="Nothing is published of this account.",
    )


def _since(moved: numbers.Number | None) -> str:
    return "" if moved is None else f"{numbers.money(moved, is_change=True)} in 12 months"


def _renewal(day: object) -> str:
    return "none" if day is None else str(day)


def _in(days: int | None) -> str:
    return "" if days is None else f"in {numbers.things(days, 'day')}"


def _score(row: dict[str, float | None]) -> str:
    trend = row["health_trend_30d"]
    moved = "" if trend is None else f", {numbers.count(round(trend), is_change=True)} in 30 days"
    return f"score {numbers.score(row['health_score'])}{moved}"


def _nps(row: dict[str, object]) -> str:
    return "" if row["last_nps_on"] is None else f"on {row['last_nps_on']}"


def reasons(published: Published, account_id: str) -> View:
    """What the health score of an account is made of, what costs most first."""
    rows = published.rows(
        f"""
        select group_label, label, sentence, measure_score, weight, points_lost, learned_on,
            if(is_missing, null, coalesce(learned_on::varchar, 'of the day')) as known,
            if(is_missing, null, points_lost::decimal(9, 1)::varchar) as lost, is_missing
        from {COMPONENTS}
        where account_id = ?
        order by is_missing, points_lost desc nulls last, label
        """,
        account_id,
    )
    return View(
        key="reasons",
        title="Why its health is what it is",
        question="What costs the score most?",
        sources=(COMPONENTS, SCORES),
        sentences=tuple(_set_by_a_person(published, account_id)),
        table=Table.of(
            rows,
            (
                ("Subject", "group_label", str),
                ("What is measured", "sentence", str),
                (">Points lost", "lost", numbers.text),
                (">Weight", "weight", numbers.percent),
                ("Known on", "known", numbers.text),
            ),
            shown=SHOWN,
        ),
        nothing="The account has no health score.",
    )


def _set_by_a_person(published: Published, account_id: str) -> Iterator[str]:
    """Say that the score that is shown is not the one that its points make, and whose it is."""
    row = published.row(
        f"""
        select scores.*, coalesce(people.name, override_author, 'a person') as author
        from {SCORES} as scores
        left join (
            select csm_id, max(csm_name) as name from dim_account group by csm_id
        ) as people on scores.override_author = people.csm_id
        where account_id = ? and displayed_score is distinct from score
        """,
        account_id,
    )
    if row:
        until = row["override_expires_on"]
        yield (
            f"The score that is shown, {numbers.score(row['displayed_score'])} "
            f"({row['displayed_band']}), was set by {row['author']}"
            + (f" until {numbers.day(until)}" if until else "")
            + (f": {row['override_reason']}." if row["override_reason"] else ".")
            + f" The points make {numbers.score(row['score'])} ({row['band']})."
        )


def usage(published: Published, account_id: str) -> View:
    """People who used the product, week by week."""
    rows = published.rows(
        f"""
        select usage_date, active_users_28d, active_users_7d, seats, seat_utilisation, events
        from {USAGE}
        where account_id = $1 and usage_date > cast($2 as date) - interval {WEEKS} week
            and usage_date <= $2 and datediff('day', usage_date, cast($2 as date)) % 7 = 0
        order by usage_date
        """,
        account_id,
        published.as_of,
    )
    parts = [
        {"day": numbers.day(row["usage_date"]), "part": part, "people": float(row[column])}
        for row in rows
        for part, column in (("in 28 days", "active_users_28d"), ("Seats", "seats"))
        if row[column] is not None
    ]
    return View(
        key="usage",
        title="Active users",
        question="Do more or fewer people use it?",
        sources=(USAGE,),
        chart=Chart(
            charts.lines(
                parts,
                along="day",
                value="people",
                part="part",
                colours={"in 28 days": charts.BLUE, "Seats": charts.GREY},
                form="~s",
            ),
            "Lines of the people who were active within 28 days, and of the seats, by week",
        )
        if parts
        else None,
        table=Table.of(
            rows[::-1],
            (
                ("Day", "usage_date", numbers.day),
                (">In 28 days", "active_users_28d", numbers.count),
                (">In 7 days", "active_users_7d", numbers.count),
                (">Seats", "seats", numbers.count),
                (">Seats in use", "seat_utilisation", numbers.percent),
                (">Events", "events", numbers.count),
            ),
        ),
        is_table_folded=True,
        nothing="No use of the product is known.",
    )


def tickets(published: Published, account_id: str) -> View:
    """Its tickets, the open ones first, then the newest."""
    rows = published.rows(
        """
        select ticket_id, created_at, created_at::date as asked_on, priority, category,
            if(is_escalated, status || ', escalated', status) as state, first_solved_at,
            not is_breached as is_in_time, satisfaction
        from fct_ticket
        where account_id = ? and not is_merged
        order by is_open desc, created_at desc
        """,
        account_id,
    )
    return View(
        key="tickets",
        title="Tickets",
        question="What does it struggle with, and was it helped in time?",
        sources=("fct_ticket",),
        table=Table.of(
            rows,
            (
                ("Asked", "asked_on", numbers.day),
                ("Status", "state", numbers.text),
                ("Priority", "priority", numbers.text),
                ("About", "category", numbers.words),
                ("In time", "is_in_time", numbers.yes),
                ("Satisfied", "satisfaction", numbers.text),
            ),
            shown=SHOWN,
        ),
        nothing="It has asked nothing.",
    )


def warnings(published: Published, account_id: str) -> View:
    """Its risk signals, open and past."""
    rows = published.rows(
        """
        select label, severity, evidence, opened_on, workflow_state, touchpoints,
            if(is_open, 'still open', closed_on::varchar) as closed
        from mart_risk_signals
        where account_id = ?
        order by is_open desc, opened_on desc, label
        """,
        account_id,
    )
    return View(
        key="account-signals",
        title="Signals",
        question="What has warned of it, and when?",
        sources=("mart_risk_signals",),
        table=Table.of(
            rows,
            (
                ("Signal", "label", str),
                ("Severity", "severity", str),
                (AT_ITS_OPENING, "evidence", numbers.text),
                ("Opened", "opened_on", numbers.day),
                ("Closed", "closed", numbers.text),
                (">Talks since", "touchpoints", numbers.count),
            ),
            shown=SHOWN,
        ),
        nothing="Nothing has warned of it.",
    )
