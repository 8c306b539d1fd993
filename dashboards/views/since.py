"""What is different from the publication before."""

from __future__ import annotations

from dashboards import numbers
from dashboards.published import Published, Row
from dashboards.views.view import View

NAMED = 5
NEEDED = ("fct_account_month", "mart_health_score", "mart_arr_bridge_monthly", "mart_data_gaps")


def since_last(published: Published, before: Published | None) -> View:
    """What has changed since the publication before: ARR by account, health, closed months."""
    sentences: list[str] = []
    if before and before.has(*NEEDED) and published.has(*NEEDED):
        sentences = [*_arr(published, before), *_past(published, before)]
        sentences += [*_health(published, before), *_gaps(published, before)]
        if not sentences:
            sentences = ["Nothing that is shown here has changed."]
        since = (
            f"Compared with the figures as of {before.publication.as_of_date}, published "
            f"{before.publication.published_at[:16].replace('T', ' ')} UTC."
        )
    else:
        since = ""
    return View(
        key="since-last",
        title="What changed since the last publication",
        question="What is new since I last looked?",
        sources=NEEDED,
        sentences=tuple(sentences),
        nothing="There is no earlier publication to compare with.",
        notes=(since,) if since else (),
    )


def _arr(published: Published, before: Published) -> list[str]:
    query = """
        select months.account_id, accounts.account_name, months.closing_arr as arr
        from fct_account_month as months
        left join dim_account as accounts using (account_id)
        where months.month = (select max(month) from fct_account_month)
    """
    now = {row["account_id"]: row for row in published.rows(query)}
    was = {row["account_id"]: row for row in before.rows(query)}
    changes = sorted(
        (
            (
                (now.get(key) or was[key])["account_name"],
                (now[key]["arr"] if key in now else 0) - (was[key]["arr"] if key in was else 0),
            )
            for key in now.keys() | was.keys()
        ),
        key=lambda change: (-abs(change[1]), change[0] or ""),
    )
    moved = [change for change in changes if change[1]]
    if not moved:
        return []
    total = sum(row["arr"] for row in now.values())
    return [
        f"ARR is {numbers.money(total, published.currency)}, "
        f"{numbers.money(sum(amount for _, amount in moved), is_change=True)}: "
        + _named([f"{numbers.text(name)} {numbers.money(n, is_change=True)}" for name, n in moved])
        + "."
    ]


def _past(published: Published, before: Published) -> list[str]:
    query = (
        "select month, closing_arr from mart_arr_bridge_monthly"
        " where segment_type = 'total' and is_complete"
    )
    was = {row["month"]: row["closing_arr"] for row in before.rows(query)}
    moved = [
        (row["month"], row["closing_arr"] - was[row["month"]])
        for row in published.rows(query + " order by month desc")
        if row["month"] in was and row["closing_arr"] != was[row["month"]]
    ]
    if not moved:
        return []
    return [
        "ARR of months that were over has moved: "
        + _named([f"{numbers.month(m)} {numbers.money(a, is_change=True)}" for m, a in moved])
        + "."
    ]


def _health(published: Published, before: Published) -> list[str]:
    query = "select account_id, account_name, displayed_band as band, arr from mart_health_score"
    was = {row["account_id"]: row["band"] for row in before.rows(query)}
    now = published.rows(query + " order by arr desc, account_id")

    def turned(band: str) -> list[str]:
        return [
            f"{numbers.text(row['account_name'])} ({numbers.money(row['arr'])})"
            for row in now
            if row["band"] == band and was.get(row["account_id"], band) != band
        ]

    worse, better = turned("red"), turned("green")
    return [
        *([f"Turned red: {_named(worse)}."] if worse else []),
        *([f"Turned green: {_named(better)}."] if better else []),
    ]


def _gaps(published: Published, before: Published) -> list[str]:
    query = (
        "select object_type, object_id, gap, what_is_missing from mart_data_gaps"
        " where severity <> 'info' order by arr_affected desc nulls last, object_id"
    )

    def key(row: Row) -> tuple[str, ...]:
        return row["object_type"], row["object_id"], row["gap"]

    known = {key(row) for row in before.rows(query)}
    rows = published.rows(query)
    new = [row["what_is_missing"] for row in rows if key(row) not in known]
    gone = len(known - {key(row) for row in rows})
    return [
        *([f"Newly not known ({len(new)}): {new[0]}"] if new else []),
        *([f"No longer missing: {gone}."] if gone else []),
    ]


def _named(texts: list[str]) -> str:
    more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return ", ".join(texts[:NAMED]) + more
