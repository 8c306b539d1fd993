"""The filters that all pages share, kept in the address so that a page can be sent to somebody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import streamlit as st
from markupsafe import escape

from dashboards import numbers
from dashboards.app.kept import Views
from dashboards.cut import DIMENSIONS, Cut
from dashboards.published import Published, Row
from dashboards.views.account import ACCOUNT

ALL = "all"
WHOLE, EVERYBODY = "the whole company", "everybody"


def choose(published: Published, views: Views, only_csm: str | None) -> Cut:
    """Show the filters beside the page.

    Args:
        published: What is published.
        views: What is kept of it: what can be chosen, too.
        only_csm: The one whose book alone is shown; then nobody else can be chosen.

    Returns:
        What is chosen.
    """
    if only_csm:
        return Cut(csm_id=only_csm)
    with st.sidebar:
        dimension = value = None
        if published.has("mart_arr_bridge_monthly"):
            warn_of_unknown("by", "Cut", {*DIMENSIONS.values(), WHOLE})
            by = st.selectbox(
                "Cut by",
                [ALL, *DIMENSIONS],
                format_func=lambda name: DIMENSIONS.get(name, WHOLE),
                key="by",
                bind="query-params",
            )
            # A place of its own, so that the filters below stay where they are.
            with st.container():
                if by in DIMENSIONS and (values := views.once(_values, published, by)):
                    dimension = by
                    warn_of_unknown(by, DIMENSIONS[by], values)
                    value = st.selectbox(DIMENSIONS[by], values, key=by, bind="query-params")
        csm_id = _csm(views.once(_names, published)) if published.has("dim_account") else None
        month = (
            _month(views.once(_months, published)) if published.has("fct_account_month") else None
        )
    return Cut(dimension, value, csm_id, month)


def in_words(published: Published, views: Views, cut: Cut) -> Iterator[str]:
    """Yield the filters that are on: on paper there are no boxes that show them."""
    if cut.dimension:
        yield f"{DIMENSIONS[cut.dimension].lower()} {cut.value}"
    if cut.csm_id:
        yield f"CSM {views.once(_names, published).get(cut.csm_id, cut.csm_id)}"
    if cut.month:
        yield numbers.month(cut.month)


def warn_of_unknown(key: str, title: str, labels: Iterable[str]) -> None:
    """Say that an address asks for something that is not there: what is shown is something else.

    To be called before the box is shown, which takes the name out of the address.

    Args:
        key: The name in the address.
        title: What is chosen there.
        labels: What it can be.
    """
    asked = st.query_params.get(key)
    if asked and asked not in labels:
        # As text: an address may come from anybody, and Markdown could have an image of elsewhere.
        st.html(
            '<div class="view"><p class="warning" role="note">'
            f"{escape(title)} '{escape(asked)}', which the address asks for, is not there."
            "</p></div>"
        )


def _values(published: Published, dimension: str) -> list[str]:
    rows = published.rows(
        "select distinct segment_value from mart_arr_bridge_monthly where segment_type = ?"
        " order by segment_value",
        dimension,
    )
    return [row["segment_value"] for row in rows]


def _names(published: Published) -> dict[str, str]:
    rows = published.rows(
        "select csm_id, coalesce(max(csm_name), csm_id) as name,"
        " count(*) over (partition by coalesce(max(csm_name), csm_id)) > 1 as is_twin"
        " from dim_account where csm_id is not null group by csm_id order by name, csm_id"
    )
    return _told_apart(rows, "csm_id")


def account_names(published: Published) -> dict[str, str]:
    """Return the accounts that have a page: their names by id, in the order of the names.

    Args:
        published: What is published; without the table of accounts there are none.
    """
    if not published.has(ACCOUNT):
        return {}
    rows = published.rows(
        "select account_id, coalesce(account_name, account_id) as name,"
        " count(*) over (partition by coalesce(account_name, account_id)) > 1 as is_twin"
        f" from {ACCOUNT} order by name, account_id"
    )
    return _told_apart(rows, "account_id")


def _told_apart(rows: Iterable[Row], key: str) -> dict[str, str]:
    """Return names by id; who shares one has the id beside it."""
    return {
        row[key]: f"{row['name']} ({row[key]})" if row["is_twin"] else row["name"] for row in rows
    }


def _csm(names: dict[str, str]) -> str | None:
    warn_of_unknown("csm", "CSM", {*names.values(), EVERYBODY})
    chosen = st.selectbox(
        "CSM",
        [ALL, *names],
        format_func=lambda csm_id: names.get(csm_id, EVERYBODY),
        key="csm",
        bind="query-params",
    )
    return None if chosen == ALL else chosen


def _months(published: Published) -> dict[date, bool]:
    """Return the months, the newest first, and whether each is open."""
    rows = published.rows(
        "select month, bool_and(is_complete) as is_complete from fct_account_month"
        " group by month order by month desc"
    )
    return {row["month"]: not row["is_complete"] for row in rows}


def _month(is_open: dict[date, bool]) -> date | None:
    months = list(is_open)
    labels = {
        month: numbers.month(month) + (" (open)" if is_open[month] else "") for month in months
    }
    warn_of_unknown("month", "Month", labels.values())
    chosen = st.selectbox(
        "Month", months, format_func=labels.__getitem__, key="month", bind="query-params"
    )
    return None if not months or chosen == months[0] else chosen
