"""Renewals: what lies ahead, how much of it is at risk, and what became of the last ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from dashboards import numbers
from dashboards.cut import EVERYTHING, RENEWALS, Cut
from dashboards.published import Published, Row
from dashboards.views import charts
from dashboards.views.view import BY_ACCOUNT, BY_MONTH, Chart, Table, View

PIPELINE, CALENDAR = "mart_renewal_pipeline", "mart_renewal_calendar"
MONTHS = 6
SHOWN = 15
DAYS = 180
NAMED = 3
AT_RISK = (
    "At risk: notice was given, the computed health is red, or a signal of more than low severity "
    "is open."
)


def renewals(published: Published, cut: Cut = EVERYTHING) -> View:
    """Terms that wait for their renewal: those that are over, and those that end soon."""
    pending = published.rows(
        f"""
        select terms.*, health.reason_1, coalesce(warnings.said, []) as warnings
        from {CALENDAR} as terms
        left join mart_health_score as health using (account_id)
        left join (
            select account_id, list(
                concat_ws(': ', label || ' since ' || cast(opened_on as varchar), evidence)
                order by array_position(['critical', 'high', 'medium'], severity), label
            ) as said
            from mart_risk_signals
            where is_open and severity <> 'low'
            group by account_id
        ) as warnings using (account_id)
        where terms.outcome = 'pending' and {cut.rows("terms")}
            and terms.term_end
                < date_trunc('month', terms.as_of_date) + interval {MONTHS + 1} month
        order by terms.term_end, terms.atr desc, terms.source_system, terms.subscription_id
        """
    )
    for row in pending:
        row["why_at_risk"] = "; ".join(_why(row))
        del row["warnings"]
    overdue = [row for row in pending if row["days_to_go"] <= 0]
    ahead = [row for row in pending if row["days_to_go"] > 0]
    soon = [row for row in ahead if row["days_to_go"] <= DAYS]
    amounts: dict[tuple[str, str], float] = {}
    for row in ahead:
        month = numbers.month(row["term_end"])
        for band in charts.BANDS:
            amounts.setdefault((month, band), 0.0)
        amounts[month, row["displayed_band"] or "unknown"] += float(row["atr"])
    return View(
        key="renewals",
        title="Renewals ahead",
        question="Which renewals are at risk, why, and which are not prepared?",
        sources=(CALENDAR, "mart_health_score", "mart_risk_signals"),
        sentences=(
            *_sentences(soon, overdue, published.currency),
            *_next_quarter(ahead, published),
        ),
        chart=Chart(
            charts.bars(
                [
                    {"month": month, "part": band, "arr": amount, "is_open": False}
                    for (month, band), amount in amounts.items()
                ],
                along="month",
                value="arr",
                part="part",
                colours=charts.BANDS,
                value_title=f"ARR due ({published.currency})",
            ),
            "Bars of the ARR due in each month by health band",
        )
        if amounts
        else None,
        table=_terms([*overdue, *soon]),
        follows=BY_ACCOUNT,
        nothing="No term of longer than a month is due.",
        notes=(
            AT_RISK,
            "Prepared: a touchpoint was held since the preparation began. Customers who pay by the "
            "month without a term roll on and are not in here.",
        ),
    )


def _sentences(soon: list[Row], overdue: list[Row], currency: str) -> Iterator[str]:
    def told(terms: list[Row]) -> str:
        amount = numbers.money(sum(row["atr"] for row in terms), currency)
        return f"{amount} ({numbers.things(len(terms), 'term')})"

    if soon:
        said = f"In the next {DAYS} days {told(soon)} is due"
        if at_risk := [row for row in soon if row["is_at_risk"]]:
            said += f"; {told(at_risk)} of it is at risk"
        if unknown := [row for row in soon if row["is_at_risk"] is None]:
            said += f"; of {told(unknown)} nobody can say, since the health is not known"
        yield f"{said}."
    if only_said := [
        row
        for row in soon
        if is_set_by_a_person(row) and row["displayed_band"] == "red" and not row["is_at_risk"]
    ]:
        yield (
            f"Not counted as at risk: {told(only_said)} whose health a person set to red, while "
            "nothing else speaks for it."
        )
    if overdue:
        yield f"{told(overdue)} was due, and nothing says yet whether it was renewed."


def _next_quarter(ahead: list[Row], published: Published) -> Iterator[str]:
    """Yield what of the next calendar quarter is at risk, why, and the largest of it."""
    today = published.as_of
    number = (today.month - 1) // 3 + 1
    first = date(today.year + number // 4, number % 4 * 3 + 1, 1)
    last = date(first.year, first.month + 2, 1)
    due = [
        row for row in ahead if first <= row["term_end"] and row["term_end"].replace(day=1) <= last
    ]
    if not due:
        return
    at_risk = sorted(
        (row for row in due if row["is_at_risk"]), key=lambda row: (-row["atr"], row["term_end"])
    )
    name = f"the next quarter ({first:%b} to {numbers.month(last)})"
    amounts = [
        f"{numbers.money(sum(row['atr'] for row in terms), published.currency)} "
        f"({numbers.things(len(terms), 'term')})"
        for terms in (due, at_risk)
    ]
    if not at_risk:
        yield f"In {name} {amounts[0]} is due, and none of it is known to be at risk."
        return
    yield f"In {name} {amounts[0]} is due; {amounts[1]} of it is at risk. The largest:"
    for row in at_risk[:NAMED]:
        why = f": {row['why_at_risk']}" if row["why_at_risk"] else ""
        yield (
            f"{numbers.text(row['account_name'])}, {numbers.money(row['atr'])} on "
            f"{numbers.day(row['term_end'])}{why}."
        )


def _why(row: Row) -> Iterator[str]:
    """Yield why a term is at risk, the gravest first."""
    if not row["is_at_risk"]:
        return
    if row["notice_on"]:
        yield f"asked to cancel on {numbers.day(row['notice_on'])}"
    yield from row["warnings"]
    if row["health_band"] == "red":
        yield "health is red" + (f": {row['reason_1']}" if row["reason_1"] else "")
    if not (row["notice_on"] or row["warnings"] or row["health_band"] == "red"):
        # The signals are of the account that this one was merged into.
        yield numbers.things(row["signals_open"], "open signal")


def _terms(terms: list[Row]) -> Table:
    """The terms, what is over or at risk first, then what nobody can say."""
    listed = sorted(
        terms,
        key=lambda row: (
            row["days_to_go"] > 0 and not row["is_at_risk"],
            row["is_at_risk"] is False,
            -row["atr"],
            row["term_end"],
        ),
    )
    return Table(
        ["Due", "Account", ">ARR due", "Health", "At risk", "Why at risk", "Prepared", "CSM"],
        [
            [
                numbers.day(row["term_end"])
                + (" (not confirmed)" if row["is_unconfirmed"] else ""),
                numbers.text(row["account_name"]),
                numbers.money(row["atr"]),
                _band(row) + ("" if row["notice_on"] is None else ", asked to cancel"),
                numbers.yes(row["is_at_risk"]),
                row["why_at_risk"],
                _prepared(row),
                numbers.text(row["csm_name"]),
            ]
            for row in listed
        ],
        shown=SHOWN,
        exact=listed,
    )


def _band(row: Row) -> str:
    """Say the band that is shown, and what was computed where a person set another."""
    shown = row["displayed_band"]
    if is_set_by_a_person(row):
        return f"{shown}, set by a person (computed: {row['health_band'] or numbers.UNKNOWN})"
    return shown or "no contract today"


def is_set_by_a_person(row: Row) -> bool:
    """Whether a person set another band than the computed one."""
    return row["displayed_band"] is not None and row["displayed_band"] != row["health_band"]


def _prepared(row: Row) -> str:
    if row["is_prepared"]:
        return f"on {numbers.day(row['prepared_on'])}"
    if row["is_prepared"] is None and row["prepare_from"] > row["as_of_date"]:
        return f"not before {numbers.day(row['prepare_from'])}"
    return numbers.yes(row["is_prepared"])


def pipeline(published: Published, cut: Cut = EVERYTHING) -> View:
    """What is due in 90, 180 and 365 days, what of it is at risk, and what is to be expected."""
    is_known = len(cut.chosen) < 2
    query = f"from {PIPELINE} where {cut.single()} order by len(due_window), due_window"
    rows = published.rows(query) if is_known else []
    for row in rows:
        due = row["prepared_terms"] + row["unprepared_terms"]
        row |= {
            "hoped": _hoped(row),
            "rests_on": _rests_on(row),
            "prepared": f"{row['prepared_terms']} of {due}",
        }
    return View(
        key="pipeline",
        title="Renewals of the next year",
        question="How much is due, how much is at risk, and how much is to be expected?",
        sources=(PIPELINE,),
        table=Table.of(
            rows,
            (
                ("Days from now", "due_window", str),
                (">Terms", "terms", numbers.count),
                (">ARR due", "atr", numbers.money),
                (">Renewed early", "renewed_atr", numbers.money),
                (">At risk", "at_risk_arr", numbers.money),
                (">Risk not known", "risk_unknown_arr", numbers.money),
                (">Notice given", "notice_arr", numbers.money),
                (">Expected", "hoped", str),
                ("Expected rests on", "rests_on", str),
                (">Prepared of those to be", "prepared", str),
            ),
        ),
        nothing="No term of longer than a month ends in the next year."
        if is_known
        else "This is known for one filter at a time: take one of them out.",
        notes=(
            AT_RISK,
            "Expected: what was renewed early, and the rest at the renewal rate that past terms in "
            "the same segment and health band had; what is under notice counts nothing.",
        ),
        follows=BY_ACCOUNT,
    )


def _hoped(row: Row) -> str:
    if row["expected"] is None and row["expected_of_rated"] is not None:
        lacking = numbers.money(row["unrated_atr"])
        return f"{numbers.money(row['expected_of_rated'])}, and of {lacking} not known"
    return numbers.money(row["expected"])


def _rests_on(row: Row) -> str:
    if not row["open_terms"]:
        return "all are decided"
    seen = row["observed_terms"] and numbers.things(row["observed_terms"], "past term")
    if row["unrated_atr"]:
        lacking = f"too few past terms for {numbers.money(row['unrated_atr'])}"
        return lacking + (f", {seen} or more for the rest" if seen else "")
    seen = numbers.things(row["observed_terms"], "past term")
    return f"{seen} or more of the same segment and band, and wider rates"


def renewal_rows(published: Published, cut: Cut = EVERYTHING) -> View:
    """The terms that make up the renewal rate of the last month that is decided."""
    rows = published.rows(
        f"""
        select terms.due_month, terms.due_on, terms.account_id, accounts.account_name,
            terms.subscription_id, terms.atr, terms.renewed_atr, terms.outcome
        from fct_renewal as terms
        left join dim_account as accounts using (account_id)
        where {cut.rows("terms")} and terms.due_month = (
            select max(due_month) from {cut.months(RENEWALS)}
            where is_complete and available_to_renew > 0 and {cut.until("due_month")}
        )
        order by terms.atr desc, terms.subscription_id
        """
    )
    return View(
        key="renewal-rows",
        title="Behind the renewal rate"
        + (f" of {numbers.month(rows[0]['due_month'])}" if rows else ""),
        question="Which terms ended, and what became of them?",
        sources=("fct_renewal",),
        table=Table.of(
            rows,
            (
                ("Due", "due_on", numbers.day),
                ("Account", "account_name", numbers.text),
                (">ARR due", "atr", numbers.money),
                (">Renewed of it", "renewed_atr", numbers.money),
                ("Outcome", "outcome", str),
            ),
        ),
        nothing="No term has ended in here.",
        follows=BY_MONTH,
    )
