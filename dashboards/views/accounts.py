"""What to do next, account by account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published, Row
from dashboards.views.view import BY_ACCOUNT, CSM, MONTH, Table, View

SHOWN = 12
# A signal stays open until its measure is well: by then the value is another one.
AT_ITS_OPENING = "Evidence when it opened"
BOOKS = "mart_csm_book"
LOAD = "mart_csm_load"


def worklist(published: Published, cut: Cut = EVERYTHING) -> View:
    """Accounts with an open risk signal, the most ARR at risk first."""
    rows = published.rows(
        f"""
        select
            worklist.account_id,
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
        where {cut.today("worklist", owner="worklist.owner")}
        order by worklist.rank
        """
    )
    return View(
        key="worklist",
        title="What to do next",
        question="Which accounts need somebody today?",
        sources=("mart_cs_worklist",),
        table=Table(
            [
                "Account",
                ">ARR at risk",
                "Signal",
                AT_ITS_OPENING,
                "Since",
                "Next step",
                "Due",
                "Owner",
            ],
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
                for row in rows
            ],
            shown=SHOWN,
            exact=rows,
        ),
        nothing=_no_warning(published),
        follows=BY_ACCOUNT,
    )


def book(published: Published, cut: Cut = EVERYTHING) -> View:
    """The accounts of a book, or of all, the worst health first."""
    rows = published.rows(
        f"""
        select account_id, account_name, arr, displayed_band, displayed_score, trend_30d, reason_1,
            renewal_on
        from mart_health_score as health
        where {cut.today("health")}
        order by displayed_score nulls last, arr desc, account_id
        """
    )
    without = sum(not row["arr"] for row in rows)
    return View(
        key="book",
        title="Accounts",
        question="How are these accounts?",
        sources=("mart_health_score",),
        sentences=(
            f"{numbers.things(len(rows), 'account')} under contract with "
            f"{numbers.money(sum(row['arr'] or 0 for row in rows), published.currency)} of ARR"
            + (f"; {numbers.count(without)} of them without ARR today." if without else "."),
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
            exact=rows,
        ),
        nothing="No account under contract is in here.",
        follows=BY_ACCOUNT,
    )


def signals(published: Published, cut: Cut = EVERYTHING) -> View:
    """Risk signals that are open, the gravest first."""
    rows = published.rows(
        f"""
        select signals.account_id, signals.account_name, signals.label, signals.severity,
            signals.evidence, signals.opened_on, signals.days_open, signals.arr_at_risk,
            signals.owner_name, signals.workflow_state, signals.last_touchpoint_on
        from mart_risk_signals as signals
        where signals.is_open and {cut.today("signals", owner="signals.owner")}
        order by array_position(['critical', 'high', 'medium', 'low'], signals.severity),
            signals.arr_at_risk desc nulls last, signals.account_id, signals.label
        """
    )
    return View(
        key="signals",
        title="Open signals",
        question="What warns of which account, and has somebody talked to it?",
        sources=("mart_risk_signals",),
        table=Table.of(
            rows,
            (
                ("Account", "account_name", numbers.text),
                ("Signal", "label", str),
                ("Severity", "severity", str),
                (AT_ITS_OPENING, "evidence", numbers.text),
                ("Since", "opened_on", numbers.day),
                (">ARR at risk", "arr_at_risk", numbers.money),
                ("Talked to since", "last_touchpoint_on", _since),
            ),
            shown=SHOWN,
        ),
        nothing=_no_warning(published),
        follows=BY_ACCOUNT,
    )


def _since(talked: date | None) -> str:
    return "no" if talked is None else f"on {numbers.day(talked)}"


def books(published: Published) -> View:
    """The load of each customer success manager, most ARR at risk first."""
    rows = published.rows(
        f"""
        select *, case when csm_id = 'unassigned' then 'nobody' else coalesce(csm_name, csm_id) end
            as name
        from {LOAD}
        order by csm_id = 'unassigned', arr_at_risk desc, accounts desc, csm_id
        """
    )
    for row in rows:
        row["touchpoints"] = _held(row, "touchpoints")
    return View(
        key="books",
        title="Load of each CSM",
        question="Which CSM is overloaded: who has how much to do?",
        sources=(LOAD,),
        sentences=tuple(_load(rows, published.currency)),
        table=Table.of(
            rows,
            (
                ("CSM", "name", str),
                (">Accounts", "accounts", numbers.count),
                (">ARR", "arr", numbers.money),
                (">ARR at risk", "arr_at_risk", numbers.money),
                (">Risk not known", "arr_risk_unknown", numbers.money),
                (">Renewals in 90 days", "renewals_due_90d", numbers.count),
                (">Touchpoints this month", "touchpoints", str),
                (">To do", "accounts_to_do", numbers.count),
                (">Step overdue", "accounts_overdue", numbers.count),
            ),
        ),
        nothing="No account is under contract.",
        notes=(
            "At risk: notice was given, the computed health is red, or a signal of more than low "
            "severity is open. To do: accounts on the worklist. Renewals that are over and not "
            "decided are among those in 90 days. Accounts have ARR today: one under contract that "
            "has none is on the worklist, and not in here.",
        ),
    )


def _load(rows: list[Row], currency: str) -> Iterator[str]:
    """Yield who carries most, against the median of the CSMs."""
    people = [row for row in rows if row["csm_id"] != "unassigned"]
    if rows and not people:
        yield "No account has a CSM."
    if len(people) < 2 or not people[0]["arr_at_risk"]:
        return
    most = people[0]

    def told(words: str, share: str) -> str:
        times = most[f"{share}_of_median"]
        return words + ("" if times is None else f" ({times:,.1f} times the median)")

    renewals = numbers.things(most["renewals_due_90d"], "renewal")
    yield (
        f"{most['name']} carries most: "
        + ", ".join(
            (
                told(f"{numbers.money(most['arr_at_risk'], currency)} at risk", "arr_at_risk"),
                told(f"{renewals} due in 90 days", "renewals_due_90d"),
                told(numbers.things(most["accounts"], "account"), "accounts"),
            )
        )
        + "."
    )
    busiest = max(people, key=lambda row: (row["accounts_to_do"], row["accounts_overdue"]))
    if busiest["accounts_to_do"]:
        yield (
            f"{busiest['name']} has most to do: "
            f"{numbers.things(busiest['accounts_to_do'], 'account')} of the worklist, "
            f"{numbers.count(busiest['accounts_overdue'])} of them with a step overdue."
        )


def _no_warning(published: Published) -> str:
    """Say that no signal is open, or that nothing is known that could open one."""
    bands = published.rows("select distinct displayed_band as band from mart_health_score")
    is_blind = [row["band"] for row in bands] == ["unknown"]
    more = " Too little is known of the accounts to warn of one." if is_blind else ""
    return f"No risk signal is open.{more}"


def care(published: Published, cut: Cut = EVERYTHING) -> View:
    """What each customer success manager held at the close of a month, and how it was kept."""
    only = "csm_id = ?" if cut.csm_id else "true"
    rows = published.rows(
        f"""
        select *, case when csm_id = 'unassigned' then 'nobody' else coalesce(csm_name, csm_id) end
            as name
        from {BOOKS}
        where month = (select max(month) from {BOOKS} where {cut.until()}) and {only}
        order by arr desc, csm_id
        """,
        *filter(None, [cut.csm_id]),
    )
    for row in rows:
        row["touchpoints"] = _held(row, "touchpoints")
        row["qbrs"] = _held(row, "qbrs")
    label = numbers.month(rows[0]["month"] if rows else cut.month)
    is_open = bool(rows) and not rows[0]["is_complete"]
    return View(
        key="care",
        title="Contact and retention by CSM" + (f", {label}" if rows else ""),
        question="Who holds how much, does it stay, and is the contact held that is due?",
        sources=(BOOKS,),
        table=Table.of(
            rows,
            (
                ("CSM", "name", str),
                (">Accounts", "accounts", numbers.count),
                (">ARR", "arr", numbers.money),
                (">NRR", "nrr", numbers.percent),
                (">GRR", "grr", numbers.percent),
                (">Touchpoints", "touchpoints", str),
                (">QBRs", "qbrs", str),
                (">Accounts behind", "accounts_behind", numbers.count),
                (">Escalations open", "escalations_open", numbers.count),
            ),
        ),
        nothing="Nobody holds an account.",
        notes=(
            *((f"{label} is not over.",) if is_open else ()),
            "NRR and GRR are of twelve months, for who held the accounts when they began.",
        ),
        follows=(CSM, MONTH),
    )


def _held(row: Row, kind: str) -> str:
    held, due = row[f"{kind}_held"], row[f"{kind}_due"]
    return "no accounts" if due is None else f"{numbers.count(held)} of {numbers.count(due)} due"
