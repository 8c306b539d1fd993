"""The pack for a business review of one account: what has come of the quarter, and of whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dashboards import numbers
from dashboards.published import Published, Row
from dashboards.views.view import Figure, Table, View

PACK = "mart_qbr_pack"
MAP = "mart_stakeholder_map"
COVERAGE = "mart_stakeholder_coverage"
OPPORTUNITIES = "mart_expansion_opportunities"
SHOWN = 20
ROLES = {"champion": "Champion", "decision_maker": "Decision maker", "sponsor": "Sponsor"}
# What a role of which nobody is engaged is called.
UNCOVERED = {
    "in place": "in place",
    "silent": "not heard of",
    "left": "left",
    "nobody": "nobody named",
}


def review(published: Published, account_id: str) -> View:
    """What a quarterly business review of an account needs."""
    row = published.row(f"from {PACK} where account_id = ?", account_id)
    rows = list(_quarter(row, published.currency)) if row else []
    return View(
        key="review",
        title="QBR pack",
        question="What has the quarter brought, and what is to be talked about?",
        sources=(PACK,),
        figures=tuple(_figures(row, published.currency)) if row else (),
        sentences=tuple(_sentences(row, published.currency)) if row else (),
        table=Table.of(
            rows,
            (
                ("Measure", "what", str),
                (">Now", "now", str),
                (">Before", "before", str),
                ("Against peers", "peers", str),
            ),
        ),
        nothing="It has no contract today: there is nothing to review.",
        notes=(
            f"The quarter begins on {numbers.day(row['quarter_from'])}; before is the 91 days "
            "before it, for ARR the close three months back. Peers are the other customers of its "
            "segment. What the customer set out to reach is in no source.",
        )
        if row
        else (),
    )


def _figures(row: Row, currency: str) -> Iterator[Figure]:
    told = (
        ("ARR", numbers.money(row["arr"], currency), "arr", _moved(row)),
        (
            "Renewal",
            "none" if row["renewal_on"] is None else numbers.day(row["renewal_on"]),
            "renewal_on",
            "" if row["renewal_atr"] is None else f"{numbers.money(row['renewal_atr'])} to renew",
        ),
        (
            "Health",
            row["health_band"] or numbers.UNKNOWN,
            "health_band",
            f"score {numbers.score(row['health_score'])}",
        ),
        ("Last review", _last(row["last_review_on"]), "last_review_on", _executives(row)),
        ("People we talk to", numbers.count(row["threads"]), "threads", ""),
        ("NPS", numbers.level(row["nps"]), "nps", _answers(row["nps_respondents"])),
    )
    for title, value, column, change in told:
        yield Figure(title, value, change, (PACK, column))


def _moved(row: Row) -> str:
    return (
        f"{numbers.money(row['arr_change_3m'], is_change=True)} in 3 months, "
        f"{numbers.money(row['arr_change_12m'], is_change=True)} in 12"
    )


def _last(day: object) -> str:
    return "none known" if day is None else str(day)


def _executives(row: Row) -> str:
    day = row["last_executive_review_on"]
    return "" if day is None else f"with an executive on {numbers.day(day)}"


def _answers(people: int | None) -> str:
    return "never asked" if people is None else f"of {numbers.things(people, 'answer')}"


def _sentences(row: Row, currency: str) -> Iterator[str]:
    """Say why the health is what it is, what warns, who is missing, and what could grow."""
    if row["cancel_requested_at"]:
        yield f"Asked to cancel on {numbers.day(row['cancel_requested_at'].date())}."
    reasons = [row[f"health_reason_{number}"] for number in (1, 2, 3)]
    if any(reasons):
        yield f"What costs its health most: {'; '.join(filter(None, reasons))}."
    if row["risk_signals_open"]:
        yield (
            f"{numbers.things(row['risk_signals_open'], 'risk signal')} open, above all "
            f"{row['risk_top_signal_label']} ({row['risk_severity']}; when it opened: "
            f"{row['risk_evidence']})."
        )
    elif row["health_band"] in (None, "unknown"):
        yield "No risk signal is open; too little is known of the account to warn of one."
    else:
        yield "No risk signal is open."
    yield from _coverage(row)
    if row["expansion_signals_open"]:
        yield f"It may have reason to buy more: {row['expansion_signals']}."
    if row["key_features_unused"]:
        yield f"Key features that it has and does not use: {row['key_features_unused']}."
    if row["past_due_amount"]:
        yield f"{numbers.money(row['past_due_amount'], currency)} are past due."
    if row["renewal_on"] is not None:
        auto = {True: "renews by itself", False: "does not renew by itself"}.get(row["auto_renew"])
        prepared = {True: "is prepared", False: "is not prepared"}.get(row["is_renewal_prepared"])
        notice = row["renewal_notice_on"]
        told = [
            *filter(None, (auto, prepared)),
            *((f"notice was given on {numbers.day(notice)}",) if notice else ()),
        ]
        if told:
            yield f"The renewal on {numbers.day(row['renewal_on'])}: {', '.join(told)}."


def _coverage(row: Row) -> Iterator[str]:
    known = {role: row[role] for role in ROLES if row[role] is not None}
    if not known:
        yield "Who is champion, decision maker or sponsor is recorded of no customer."
    missing = [
        f"{ROLES[role].lower()} ({UNCOVERED[said]})"
        for role, said in known.items()
        if said != "engaged"
    ]
    if known and not missing:
        yield f"Engaged: {', '.join(ROLES[role].lower() for role in known)}."
    elif missing:
        yield f"Not covered: {', '.join(missing)}."
    if row["threading"] == "one":
        yield "The relation hangs on one person (single-threaded)."
    elif row["threading"] == "nobody":
        yield "Nobody of the account was talked to in 90 days."
    elif row["threading"] is None:
        yield "With how many people we talk is not known."


def _quarter(row: Row, currency: str) -> Iterator[dict[str, str]]:
    """Yield what is compared with the quarter before, or with peers."""

    def line(
        what: str,
        read: Callable[..., str],
        column: str,
        before: str | None = None,
        peers: str = "",
    ) -> dict[str, str]:
        return {
            "what": what,
            "now": read(row[column]),
            "before": "" if before is None else read(row[before]),
            "peers": peers,
        }

    yield line(f"ARR, {currency}", numbers.money, "arr", "arr_3m_ago")
    yield line("Active users, 28 days", numbers.count, "active_users", "active_users_before")
    for what, column in (
        ("Seats in use", "seat_utilisation"),
        ("Key features in use", "key_feature_activation"),
    ):
        yield line(what, numbers.percent, column, peers=_place(row, column))
    yield {
        "what": "Features in use",
        "now": numbers.UNKNOWN
        if row["features_used"] is None
        else f"{numbers.count(row['features_used'])} of {numbers.count(row['features_entitled'])}",
        "before": "",
        "peers": "",
    }
    for what, column in (
        ("Tickets opened", "tickets_opened"),
        ("Tickets solved", "tickets_solved"),
        ("First responses past target", "tickets_breached"),
    ):
        yield line(what, numbers.count, column, f"{column}_before")
    yield line("Tickets open", numbers.count, "tickets_open")
    yield {
        "what": "Satisfied in surveys",
        "now": numbers.UNKNOWN
        if row["csat"] is None
        else f"{numbers.percent(row['csat'])} of {numbers.count(row['csat_respondents'])}",
        "before": "",
        "peers": "",
    }
    yield line("Touchpoints held", numbers.count, "touchpoints")


def _place(row: Row, column: str) -> str:
    peers, place = row[f"{column}_peers"], row[f"{column}_percentile"]
    if row[column] is None or not peers:
        return ""
    if place is None:
        return f"too few peers ({numbers.count(peers)})"
    return f"ahead of {numbers.percent(place)} of {numbers.count(peers)}"


def stakeholders(published: Published, account_id: str) -> View:
    """Who matters at an account, who left, and who is heard of."""
    rows = published.rows(
        f"""
        select contact_id, title, last_touchpoint_on, coalesce(contact_name, contact_id) as who,
            replace(contact_role, '_', ' ') as role,
            case standing when 'left' then 'left on ' || left_on::varchar
                when 'deleted' then 'deleted in the CRM' else standing end as state,
            case when has_product_user then coalesce(last_active_on::varchar, 'never')
                when not has_product_user then 'has no user' end as last_login
        from {MAP}
        where account_id = ?
        order by is_in_place desc, array_position(
                ['sponsor', 'decision_maker', 'champion', 'admin', 'billing', 'user'], contact_role
            ) nulls last, left_on desc nulls last, who, contact_id
        """,
        account_id,
    )
    row = published.row(f"from {COVERAGE} where account_id = ?", account_id)
    return View(
        key="stakeholders",
        title="People",
        question="Who decides there, who left, and whom have we not heard of?",
        sources=(MAP, COVERAGE),
        sentences=tuple(_people(row)) if rows and row else (),
        table=Table.of(
            rows,
            (
                ("Name", "who", numbers.text),
                ("Title", "title", numbers.text),
                ("Role", "role", str),
                ("State", "state", str),
                ("Last touchpoint", "last_touchpoint_on", _none),
                ("Last in the product", "last_login", numbers.text),
            ),
            shown=SHOWN,
        ),
        nothing="The CRM has no contact of this account.",
        notes=(
            "Engaged: a touchpoint was held with the person in the last 90 days. Roles are those "
            "that the CRM has now.",
        ),
    )


def _none(day: object) -> str:
    return "none" if day is None else str(day)


def _people(row: Row) -> Iterator[str]:
    left = row["key_people_left_180d"]
    if left:
        yield (
            f"{numbers.count(left)} of champions, decision makers and sponsors left in 180 days, "
            f"the last on {numbers.day(row['last_key_person_left_on'])}."
        )
    executives = row["executives_in_place"]
    if executives:
        active = row["executives_active_28d"]
        yield (
            f"Decision makers and sponsors in place: {numbers.count(executives)}, of whom "
            + (
                "it is not known who uses the product."
                if active is None
                else f"{numbers.count(active)} used the product in 28 days."
            )
        )


def growth(published: Published, account_id: str) -> View:
    """Why an account may buy more, and whether it may be asked now."""
    rows = published.rows(
        f"""
        select label, evidence, opened_on, estimated_arr, suppressed_reason, next_action
        from {OPPORTUNITIES}
        where account_id = ?
        order by rank nulls last, label
        """,
        account_id,
    )
    return View(
        key="growth",
        title="What it could buy",
        question="Has it reason to buy more, and may it be asked now?",
        sources=(OPPORTUNITIES,),
        table=Table.of(
            rows,
            (
                ("Signal", "label", str),
                ("Evidence", "evidence", str),
                ("Since", "opened_on", numbers.day),
                (">May be worth", "estimated_arr", numbers.money),
                ("Not now, because", "suppressed_reason", lambda why: why or ""),
                ("Next step", "next_action", str),
            ),
        ),
        nothing="No expansion signal is open.",
    )
