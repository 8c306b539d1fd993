"""Why NRR is what it is, and which customers have moved it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published, Row
from dashboards.views.view import BY_MONTH, Table, View

ROWS = "fct_account_retention_month"
NAMED = 3
SHOWN = 12


def nrr_moved(published: Published, cut: Cut = EVERYTHING) -> View:
    """What NRR is made of, and what each customer has moved in it since a month and a year before.

    A customer's part is what its ARR has changed in the twelve months, of all ARR at their opening:
    the parts add up to NRR less 100 %, so their changes add up to the change of NRR.
    """
    rows = published.rows(
        f"""
        with newest as (select max(month) as month from {ROWS} where {cut.until()}),
        kept as (
            select
                kept.account_id,
                kept.opening_arr,
                kept.retained_arr,
                date_diff('month', kept.month, newest.month) as months_ago,
                newest.month,
                kept.is_complete,
                cast((kept.retained_arr - kept.opening_arr) / nullif(
                    sum(kept.opening_arr) over (partition by kept.month), 0
                ) as double) as part
            from {ROWS} as kept
            cross join newest
            where {cut.rows("kept")}
                and (kept.month = newest.month
                    or kept.month = newest.month - interval 1 month
                    or kept.month = newest.month - interval 12 month)
        )
        select
            kept.account_id,
            any_value(accounts.account_name) as account_name,
            any_value(kept.month) as month,
            coalesce(bool_and(is_complete) filter (months_ago = 0), true) as is_complete,
            coalesce(sum(opening_arr) filter (months_ago = 0), 0) as opening_arr,
            coalesce(sum(retained_arr) filter (months_ago = 0), 0) as retained_arr,
            coalesce(sum(part) filter (months_ago = 0), 0) as part,
            coalesce(sum(part) filter (months_ago = 0), 0)
                - coalesce(sum(part) filter (months_ago = 1), 0) as since_month,
            coalesce(sum(part) filter (months_ago = 0), 0)
                - coalesce(sum(part) filter (months_ago = 12), 0) as since_year
        from kept
        left join dim_account as accounts using (account_id)
        group by kept.account_id
        order by abs(since_month) desc, abs(since_year) desc, kept.account_id
        """
    )
    rates = {
        row["months_ago"]: row
        for row in published.rows(
            f"""
            select month, date_diff('month', month, max(month) over ()) as months_ago,
                cast(sum(retained_arr) / nullif(sum(opening_arr), 0) as double) as nrr
            from {ROWS} as kept where {cut.until()} and {cut.rows("kept")} group by month
            """
        )
    }
    is_known = bool(rows) and rates.get(0, {}).get("nrr") is not None
    label = numbers.month(rows[0]["month"]) if is_known else ""
    moved = [row for row in rows if row["part"] or row["since_month"] or row["since_year"]]
    is_open = is_known and not all(row["is_complete"] for row in rows)
    return View(
        key="nrr-moved",
        title=f"Why NRR is what it is, {label}" if label else "Why NRR is what it is",
        question="Why did NRR fall or rise, and which customers moved it?",
        sources=(ROWS,),
        sentences=tuple(_sentences(rows, rates, published.currency)) if is_known else (),
        table=Table.of(
            moved,
            (
                ("Account", "account_name", numbers.text),
                (">ARR a year before", "opening_arr", numbers.money),
                (">ARR now", "retained_arr", numbers.money),
                (">Moves NRR by", "part", numbers.points),
                (">Against the month before", "since_month", numbers.points),
                (">Against the year before", "since_year", numbers.points),
            ),
            shown=SHOWN,
        )
        if is_known
        else None,
        nothing="NRR needs 12 months of ARR.",
        notes=(
            *((f"{label} is not over.",) if is_open else ()),
            "Moves NRR by: what the ARR of the customer has changed in twelve months, of all ARR "
            "at their opening. The column adds up to NRR less 100 %.",
        ),
        follows=BY_MONTH,
    )


def _sentences(rows: list[Row], rates: dict[int, Row], currency: str) -> Iterator[str]:
    opening = sum(row["opening_arr"] for row in rows)
    yield (
        f"NRR of {numbers.month(rows[0]['month'])} is {numbers.percent(rates[0]['nrr'])} of "
        f"{numbers.money(opening, currency)} a year before."
    )
    had = [row for row in rows if row["opening_arr"] > 0]
    kinds: Sequence[tuple[str, Callable[[Row], bool]]] = (
        ("who left", lambda row: row["retained_arr"] == 0),
        ("who pay less", lambda row: 0 < row["retained_arr"] < row["opening_arr"]),
        ("who pay more", lambda row: row["retained_arr"] > row["opening_arr"]),
    )
    for kind, belongs in kinds:
        found = [row for row in had if belongs(row)]
        if found:
            people = f"{numbers.things(len(found), 'customer')} {kind}"
            if len(found) == 1:
                people = people.replace("pay ", "pays ")
            amount = sum(row["retained_arr"] - row["opening_arr"] for row in found)
            points = numbers.points(sum(row["part"] for row in found))
            yield f"{people}: {numbers.change(amount)}, {points}. {_named(found, 'part')}"
    for ago, column in ((1, "since_month"), (12, "since_year")):
        before = rates.get(ago)
        if before is None or before["nrr"] is None:
            continue
        change = rates[0]["nrr"] - before["nrr"]
        since = f"{numbers.month(before['month'])} ({numbers.percent(before['nrr'])})"
        if abs(change) < 0.0005:
            yield f"It is as it was in {since}."
        else:
            verb = "risen" if change > 0 else "fallen"
            amount = numbers.points(abs(change)).lstrip("+")
            yield f"Since {since} it has {verb} by {amount}. {_named(rows, column)}"


def _named(rows: list[Row], column: str) -> str:
    moved = [row for row in rows if row[column]]
    largest = sorted(moved, key=lambda row: (-abs(row[column]), row["account_name"] or ""))
    named = [
        f"{numbers.text(row['account_name'])} {numbers.points(row[column])}"
        for row in largest[:NAMED]
        if abs(row[column]) >= 0.0005
    ]
    if not named:
        return ""
    more = f" and {len(moved) - len(named)} more" if len(moved) > len(named) else ""
    return f"Most: {', '.join(named)}{more}."
