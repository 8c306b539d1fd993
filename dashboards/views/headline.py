"""The figures of a leader's first page."""

from __future__ import annotations

from dashboards import numbers
from dashboards.cut import BRIDGE, EVERYTHING, RENEWALS, RETENTION, Cut
from dashboards.published import Published, Row
from dashboards.views.health import bands
from dashboards.views.view import BY_MONTH, Figure, View

HEALTH = "mart_health_score"


def headline(published: Published, cut: Cut = EVERYTHING) -> View:
    """ARR, customers, retention, renewals and health, with how they moved in the month."""
    figures = [
        *_arr(published, cut),
        *_customers(published, cut),
        *_retention(published, cut),
        *_renewals(published, cut),
        *_health(published, cut),
    ]
    return View(
        key="headline",
        title="Where we stand",
        question="How much recurring revenue is there, is it kept, and is it in good health?",
        sources=(BRIDGE, "fct_account_month", RETENTION, RENEWALS, HEALTH),
        figures=tuple(figures),
        nothing="There is no ARR yet.",
        follows=BY_MONTH,
    )


def _open(row: Row) -> str:
    return "" if row["is_complete"] else f"{numbers.month(row['month'])} is not over"


def _arr(published: Published, cut: Cut) -> list[Figure]:
    newest = published.row(
        f"select month, opening_arr, closing_arr, is_complete "
        f"from {cut.months(BRIDGE)} where {cut.until()} order by month desc limit 1"
    )
    if not newest:
        return []
    change = numbers.money(newest["closing_arr"] - newest["opening_arr"], is_change=True)
    return [
        Figure(
            "ARR",
            numbers.money(newest["closing_arr"], published.currency),
            f"{change} in {numbers.month(newest['month'])}",
            (BRIDGE, "closing_arr"),
            _open(newest),
        )
    ]


def _customers(published: Published, cut: Cut) -> list[Figure]:
    months = published.rows(
        f"""
        select
            month,
            is_complete,
            count(*) filter (closing_arr > 0 and account_id <> 'unassigned') as customers,
            sum(closing_arr) filter (account_id = 'unassigned') as unassigned_arr
        from fct_account_month
        where {cut.rows()} and {cut.until()}
        group by month, is_complete
        order by month desc
        limit 2
        """
    )
    if not months:
        return []
    newest = months[0]
    before = months[1]["customers"] if len(months) > 1 else 0
    change = numbers.count(newest["customers"] - before, is_change=True)
    unassigned = newest["unassigned_arr"]
    return [
        Figure(
            "Customers",
            numbers.count(newest["customers"]),
            f"{change} in {numbers.month(newest['month'])}",
            ("fct_account_month", "closing_arr"),
            f"{numbers.money(unassigned, published.currency)} of ARR has no account"
            if unassigned
            else "",
        )
    ]


def _retention(published: Published, cut: Cut) -> list[Figure]:
    months = published.rows(
        f"select month, nrr, grr, 1 - logo_retention as logo_churn, is_complete"
        f" from {cut.months(RETENTION)} where {cut.until()} order by month desc limit 2"
    )
    if not months:
        return []
    newest, before = months[0], (months[1] if len(months) > 1 else {})
    figures = []
    for title, column, source in (
        ("NRR, 12 months", "nrr", "nrr"),
        ("GRR, 12 months", "grr", "grr"),
        ("Logo churn, 12 months", "logo_churn", "logo_retention"),
    ):
        value, was = newest[column], before.get(column)
        moved = None if value is None or was is None else value - was
        change = "" if moved is None else f"{numbers.points(moved)} since last month"
        figures.append(
            Figure(title, numbers.percent(value), change, (RETENTION, source), _open(newest))
        )
    return figures


def _renewals(published: Published, cut: Cut) -> list[Figure]:
    last = published.row(
        f"select due_month, renewal_rate, renewed_atr, available_to_renew"
        f" from {cut.months(RENEWALS)} where {cut.until('due_month')}"
        " and is_complete and available_to_renew > 0"
        " order by due_month desc limit 1"
    )
    if not last:
        return []
    return [
        Figure(
            f"Renewal rate, {numbers.month(last['due_month'])}",
            numbers.percent(last["renewal_rate"]),
            f"{numbers.money(last['renewed_atr'])} of "
            f"{numbers.money(last['available_to_renew'], published.currency)} due",
            (RENEWALS, "renewal_rate"),
        )
    ]


def _health(published: Published, cut: Cut) -> list[Figure]:
    found = bands(published, cut)
    by_band = {row["band"]: row for row in found}
    total = sum(row["arr"] or 0 for row in found)
    figures = []
    for band in ("red", "yellow", "green", "unknown"):
        if row := by_band.get(band):
            share = row["arr"] / total if total else None
            figures.append(
                Figure(
                    f"Health {band}",
                    numbers.things(row["accounts"], "account"),
                    f"{numbers.percent(share)} of ARR",
                    (HEALTH, "displayed_band"),
                )
            )
    return figures
