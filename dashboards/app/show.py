"""A view on a page of the app: words and tables as HTML, the chart, the rows as CSV."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards.app.kept import Drawn
from dashboards.cut import DIMENSIONS, Cut
from dashboards.published import Published
from dashboards.report import templates
from dashboards.views import charts
from dashboards.views.view import CSM, MONTH, SEGMENT, Table, View
from orchestration.query import Answer, write_csv

STYLE = Path(__file__).with_name("style.css")
TEMPLATE = "app/view.html.j2"
# A browser scrolls through these at once; who wants all takes the CSV. Each row takes time whenever
# a filter changes.
MOST_ROWS = 100


def show_top(
    title: str, published: Published, chosen: Sequence[str], warnings: Sequence[str]
) -> None:
    """Show the head of a page, also of a printed one.

    Args:
        title: The page.
        published: Whose figures of which day these are.
        chosen: The filters that are on, in words.
        warnings: What is in doubt.
    """
    st.html(STYLE)
    publication = published.publication
    st.html(_part("top")(title, publication.company, publication, chosen, warnings))


def show_contents(place: DeltaGenerator, views: Sequence[View]) -> None:
    """Show on top of a page which questions it answers, each with the way to its answer.

    Args:
        place: Where; it was kept free, since what a page shows is known when it is made.
        views: What the page shows.
    """
    if views:
        place.html(_part("contents")(views))


def draw(view: View, published: Published, names: Mapping[str, str]) -> str:
    """Return the part of a view's HTML that no filter changes: table, notes, definitions.

    Args:
        view: The view.
        published: The publication it was read from.
        names: The accounts that have a page, which the name of each in a table leads to.
    """
    day = published.publication.as_of_date
    addresses = list(_addresses(view.table, names)) if view.table else []
    return _part("foot")(view, _definitions(view, published), day, MOST_ROWS, addresses)


def show(drawn: Drawn, published: Published, cut: Cut) -> None:
    """Show a view.

    Args:
        drawn: The view.
        published: The publication it was read from.
        cut: The filters that are on: those that the view does not follow are named.
    """
    view = drawn.view
    head = _part("head")(view, _ignored(view, cut))
    # A browser is busy with each element of a page, however small: words and table are one.
    if view.chart:
        st.html(head)
        own = {"description": view.chart.says, "config": charts.INKED}
        drawing = {**view.chart.drawing, **own}
        st.vega_lite_chart(spec=drawing, theme="streamlit", width="stretch")
        st.html(drawn.html)
    else:
        st.html(head + drawn.html)
    if view.table and view.table.exact:
        rows = view.table.exact
        st.download_button(
            f"CSV, {len(rows):,} row{'' if len(rows) == 1 else 's'}",
            lambda: csv_of(rows),
            file_name=f"{view.key}_{published.publication.as_of_date}.csv",
            mime="text/csv",
            key=f"csv-{view.key}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            help=f"{view.title}: every row with every digit.",
        )


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV, every digit of them; what a spreadsheet would run gets an apostrophe."""
    columns = list(rows[0])
    cells = [tuple(_text(row[column]) for column in columns) for row in rows]
    file = io.StringIO()
    write_csv(Answer(columns, [], cells, len(cells)), file)
    return file.getvalue()


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _addresses(table: Table, names: Mapping[str, str]) -> Iterator[str]:
    """Yield of each row that is shown where its account is looked at; nothing where nowhere."""
    if len(table.exact) != len(table.rows):
        return
    for row in table.exact[:MOST_ROWS]:
        name = names.get(row.get("account_id"))
        # The page stands beside the one that shows this, whatever a proxy calls them.
        yield "" if name is None else "account?" + urlencode({"account": name})


def _ignored(view: View, cut: Cut) -> list[str]:
    dimension = DIMENSIONS[cut.dimension].lower() if cut.dimension else ""
    names = {SEGMENT: dimension, CSM: cut.csm_id and "CSM", MONTH: cut.month and "month"}
    return [name for kind, name in names.items() if name and kind not in view.follows]


def _definitions(view: View, published: Published) -> list[tuple[str, str]]:
    figures = {figure.source for figure in view.figures if figure.source}
    told = [(table, published.description(table)) for table in view.sources]
    return told + [(".".join(each), published.description(*each)) for each in sorted(figures)]


def _part(name: str) -> Callable[..., str]:
    return getattr(templates().get_template(TEMPLATE).module, name)
