"""One account: where it stands, why its health is what it is, what warns of it."""

from __future__ import annotations

from typing import Any

from dashboards.ask.question import AskError
from dashboards.published import Published, Row
from dashboards.views import account as views
from dashboards.views.view import View

SHOWN = 10
MONTHS = 13
ACCOUNT = views.ACCOUNT


def account(published: Published, asked: str) -> dict[str, Any]:
    """Return what is known of an account today.

    Raises:
        AskError: Nobody has that id or name, or several have the name.
    """
    account_id = find_account(published, asked)
    today = published.row(f"from {ACCOUNT} where account_id = ?", account_id)
    months = published.rows(
        "select month, opening_arr, closing_arr, movement, is_complete from fct_account_month"
        f" where account_id = ? order by month desc limit {MONTHS}",
        account_id,
    )
    return {
        "account": today,
        "not_known": [name for name, value in today.items() if value is None],
        "what_columns_mean": {name: published.description(ACCOUNT, name) for name in today},
        "arr_by_month": months[::-1],
        "health_reasons": _rows(views.reasons(published, account_id)),
        "signals": _rows(views.warnings(published, account_id)),
        "tickets": _rows(views.tickets(published, account_id)),
        "read_from": [ACCOUNT, "fct_account_month", views.COMPONENTS, "mart_risk_signals"],
    }


def find_account(published: Published, asked: str) -> str:
    """Return the id of the account that has an id or a name, in any case.

    Raises:
        AskError: Nobody has that id or name, or several have the name.
    """
    if not published.has(ACCOUNT):
        raise AskError(f"What is published has no {ACCOUNT}.")
    wanted = asked.strip()
    rows = published.rows(f"select account_id, account_name from {ACCOUNT} order by 2, 1")
    found = [row for row in rows if row["account_id"] == wanted] or [
        row for row in rows if (row["account_name"] or "").casefold() == wanted.casefold()
    ]
    if len(found) == 1:
        return found[0]["account_id"]
    if found:
        raise AskError(
            f"Several accounts are called '{asked}'. Name one by the id: {_told(found)}."
        )
    near = [
        row for row in rows if wanted and wanted.casefold() in str(row["account_name"]).casefold()
    ]
    raise AskError(
        f"There is no account '{asked}'. "
        + (
            f"Names with it: {_told(near)}."
            if near
            else f"There are {len(rows)} accounts, such as {_told(rows[:5])}."
        )
    )


def _told(rows: list[Row]) -> str:
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    named = (f"{row['account_name']} ({row['account_id']})" for row in rows[:SHOWN])
    return ", ".join(named) + more


def _rows(view: View) -> list[Any]:
    return list(view.table.exact[:SHOWN]) if view.table else []
