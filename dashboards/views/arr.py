"""ARR: how it moved month by month, and what moved it last."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import BRIDGE, EVERYTHING, Cut
from dashboards.published import Published, Row
from dashboards.views import charts
from dashboards.views.view import BY_MONTH, Chart, Table, View

MONTHS_OF_ACCOUNTS = "fct_account_month"
MONTHS = 13
NAMED = 5
# From the axis outwards, upwards and downwards.
PARTS = {
    "expansion": charts.SKY,
    "new": charts.BLUE,
    "reactivation": charts.GREEN,
    "contraction": charts.ORANGE,
    "churn": charts.VERMILLION,
    "exchange rates, transfers, adjustments": charts.GREY,
}
WORDS = {
    "new": "New customers brought",
    "expansion": "Expansion brought",
    "reactivation": "Customers who came back brought",
    "contraction": "Contraction took",
    "churn": "Churn took",
    "fx": "Exchange rates changed it by",
    "transfer": "Transfers between accounts changed it by",
    "prior_period_adjustment": "Adjustments of earlier periods changed it by",
}


def arr_bridge(published: Published, cut: Cut = EVERYTHING) -> View:
    """ARR movements of the last 13 months, and the ARR at the end of each."""
    months = published.rows(
        f"""
        select
            month,
            is_complete,
            opening_arr,
            new_arr as "new",
            expansion_arr as expansion,
            reactivation_arr as reactivation,
            contraction_arr as contraction,
            churn_arr as churn,
            fx_arr + transfer_arr + prior_period_adjustment_arr
                as "exchange rates, transfers, adjustments",
            closing_arr
        from {cut.months(BRIDGE)}
        where {cut.until()}
        order by month desc
        limit {MONTHS}
        """
    )[::-1]
    parts = [
        {
            "month": _label(row),
            "part": part,
            "arr": float(row[part]),
            "is_open": not row["is_complete"],
        }
        for row in months
        for part in PARTS
    ]
    titles = ["Month", ">Opening ARR", *(f">{part.capitalize()}" for part in PARTS), ">Closing ARR"]
    table = Table(
        titles,
        [
            [
                _label(row),
                numbers.money(row["opening_arr"]),
                *(numbers.money(row[part], is_change=True) for part in PARTS),
                numbers.money(row["closing_arr"]),
            ]
            for row in reversed(months)
        ],
        exact=months,
    )
    is_moved = any(part["arr"] for part in parts)
    return View(
        key="arr-bridge",
        title="What moved ARR",
        question="Where did recurring revenue come from, and where did it go?",
        sources=(BRIDGE,),
        chart=Chart(
            charts.bars(
                [part for part in parts if part["arr"] or part["part"] in ("new", "churn")],
                along="month",
                value="arr",
                part="part",
                colours=PARTS,
                value_title=f"ARR ({published.currency})",
            ),
            "Bars of the ARR that came and went in each month",
        )
        if is_moved
        else None,
        table=table if is_moved else None,
        is_table_folded=True,
        follows=BY_MONTH,
        nothing="No ARR has moved yet.",
        notes=("The last bar is pale: its month is not over.",)
        if months and not months[-1]["is_complete"]
        else (),
    )


def _label(row: Row) -> str:
    return numbers.month(row["month"]) + ("" if row["is_complete"] else " (open)")


def last_month(published: Published, cut: Cut = EVERYTHING) -> View:
    """What moved ARR in the newest month, in words, with the accounts that moved it most."""
    moved = published.rows(
        """
        select
            months.month,
            months.is_complete,
            accounts.account_name,
            months.opening_arr,
            months.closing_arr,
            {columns}
        from fct_account_month as months
        left join dim_account as accounts using (account_id)
        where months.month = (select max(month) from fct_account_month where {until})
            and {rows}
        """.format(
            columns=", ".join(f'months.{name}_arr as "{name}"' for name in WORDS),
            until=cut.until(),
            rows=cut.rows("months"),
        )
    )
    if not moved:
        return _said(())
    opening = sum(row["opening_arr"] for row in moved)
    closing = sum(row["closing_arr"] for row in moved)
    month, is_complete = moved[0]["month"], moved[0]["is_complete"]
    sentences = [
        f"In {numbers.month(month)}{'' if is_complete else ', which is not over,'} ARR went from "
        f"{numbers.money(opening, published.currency)} to "
        f"{numbers.money(closing, published.currency)} "
        f"({numbers.money(closing - opening, is_change=True)})."
    ]
    for name, words in WORDS.items():
        rows = [row for row in moved if row[name]]
        if not rows:
            continue
        total = sum(row[name] for row in rows)
        amount = numbers.money(
            abs(total) if words.endswith((" brought", " took")) else total,
            published.currency,
            is_change=words.endswith(" by"),
        )
        largest = sorted(rows, key=lambda row: (-abs(row[name]), row["account_name"] or ""))
        named = ", ".join(
            f"{numbers.text(row['account_name'])} {numbers.money(row[name], is_change=True)}"
            for row in largest[:NAMED]
        )
        more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
        sentences.append(f"{words} {amount}: {named}{more}.")
    if len(sentences) == 1:
        sentences.append("Nothing else moved it.")
    return _said(tuple(sentences))


def _said(sentences: tuple[str, ...]) -> View:
    return View(
        key="last-month",
        title="What changed this month",
        question="Which customers moved ARR, and how?",
        sources=("fct_account_month", "dim_account"),
        sentences=sentences,
        nothing="There is no ARR yet.",
        follows=BY_MONTH,
    )


def movement_rows(published: Published, cut: Cut = EVERYTHING) -> View:
    """The accounts that make up the ARR of a month, what moved most first."""
    rows = published.rows(
        f"""
        select months.month, months.account_id, accounts.account_name, months.movement,
            months.opening_arr, months.closing_arr, months.is_complete,
            months.closing_arr - months.opening_arr as change
        from {MONTHS_OF_ACCOUNTS} as months
        left join dim_account as accounts using (account_id)
        where months.month = (select max(month) from {MONTHS_OF_ACCOUNTS} where {cut.until()})
            and {cut.rows("months")} and (months.opening_arr <> 0 or months.closing_arr <> 0)
        order by abs(change) desc, months.closing_arr desc,
            months.account_id
        """
    )
    return View(
        key="movement-rows",
        title=f"Behind the ARR of {numbers.month(rows[0]['month'] if rows else cut.month)}",
        question="Which accounts make it up, and which have moved?",
        sources=(MONTHS_OF_ACCOUNTS,),
        table=Table.of(
            rows,
            (
                ("Account", "account_name", numbers.text),
                ("Movement", "movement", numbers.words),
                (">Opening ARR", "opening_arr", numbers.money),
                (">Change", "change", numbers.change),
                (">Closing ARR", "closing_arr", numbers.money),
            ),
        ),
        nothing="No account had ARR.",
        follows=BY_MONTH,
    )
