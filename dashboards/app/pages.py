"""Which views are on which page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import streamlit as st

from dashboards.app.show import show
from dashboards.cut import Cut
from dashboards.published import Published
from dashboards.views import account, finance, product, trust
from dashboards.views.accounts import book, books, care, signals, worklist
from dashboards.views.arr import arr_bridge, last_month, movement_rows
from dashboards.views.churn import churn
from dashboards.views.expansion import opportunities
from dashboards.views.forecast import accuracy, forecast
from dashboards.views.headline import headline
from dashboards.views.health import health
from dashboards.views.nrr import nrr_moved
from dashboards.views.renewals import pipeline, renewal_rows, renewals
from dashboards.views.retention import cohorts, retention, retention_rows
from dashboards.views.scorecard import scorecard
from dashboards.views.stopped import stopped
from dashboards.views.view import View
from dashboards.views.voice import csat, nps

Make = Callable[[], View]
# What can be looked into: the rows that a number is made of.
BEHIND = {
    "ARR": movement_rows,
    "NRR, GRR, logo churn": retention_rows,
    "Renewal rate": renewal_rows,
    "Health": book,
}


@dataclass(frozen=True)
class Reading:
    """What a page is made of.

    Attributes:
        published: The published tables.
        quality: Opens what the checks of the newest run found, if it is published.
        cut: The filters that are on.
        shown: The views that the page has shown.
    """

    published: Published
    quality: Callable[[], Published | None]
    cut: Cut
    shown: list[View] = field(default_factory=list)

    def show(self, *views: Callable[[Published, Cut], View]) -> None:
        """Show views that know the filters."""
        for view in views:
            self.show_made(lambda made=view: made(self.published, self.cut))

    def show_made(self, make: Make) -> None:
        """Show one view, or say which table or column of this publication it misses."""
        try:
            view = make()
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            said = str(error).splitlines()[0].partition(": ")[2]
            st.info(f"Not in this publication: {said} `csw refresh` publishes it.")
            return
        show(view, self.published, self.cut)
        self.shown.append(view)


def leader(reading: Reading) -> None:
    """How much recurring revenue there is, whether it is kept, and what lies ahead."""
    reading.show(headline)
    behind = st.pills("The rows behind a number", list(BEHIND), key="behind", bind="query-params")
    if behind in BEHIND:
        reading.show(BEHIND[behind])
    reading.show(last_month, retention, nrr_moved, arr_bridge)
    reading.show_made(lambda: forecast(reading.published))
    reading.show(renewals, pipeline)
    reading.show_made(lambda: books(reading.published))
    reading.show(worklist, churn, scorecard, health, cohorts, nps, csat)


def my_book(reading: Reading) -> None:
    """What one customer success manager has to do today, and why."""
    published, cut = reading.published, reading.cut
    if cut.csm_id is None:
        st.info("Choose a CSM among the filters for one book; here are all.")
        reading.show_made(lambda: books(published))
    reading.show(worklist, signals, opportunities, renewals, care, book)
    if published.has("mart_account_360"):
        _one_account(reading)


def _one_account(reading: Reading) -> None:
    published = reading.published
    rows = published.rows(
        "select account_id, account_name from mart_account_360 as accounts"
        f" where {reading.cut.today('accounts')} order by account_name, account_id"
    )
    names = {row["account_id"]: row["account_name"] or row["account_id"] for row in rows}
    chosen = st.selectbox(
        "One account",
        list(names),
        index=None,
        format_func=lambda account_id: names[account_id],
        key="account",
        bind="query-params",
        placeholder="Name of an account",
    )
    if chosen:
        # One account is what it is, whatever the filters say.
        reading = replace(reading, cut=Cut())
        for view in (
            account.overview,
            account.reasons,
            account.warnings,
            account.usage,
            account.tickets,
        ):
            reading.show_made(lambda made=view: made(published, chosen))


def for_finance(reading: Reading) -> None:
    """How ARR moved, whether it is what is billed, and what was reported of it."""
    reading.show(arr_bridge, finance.as_reported)
    reading.show_made(lambda: finance.close(reading.published))
    reading.show(finance.tie_out, finance.exceptions, churn)


def for_product(reading: Reading) -> None:
    """What each product brings in, which features are used, by whom, and where they are not."""
    reading.show(product.arr_by_product, product.adoption, stopped, product.heat)


def can_trust(reading: Reading) -> None:
    """Whether the score can be trusted, and whether the data are all there."""
    published, quality = reading.published, reading.quality()
    for view in (
        trust.backtest,
        trust.calibration,
        accuracy,
        trust.freshness,
        trust.deliveries,
        trust.gaps,
    ):
        reading.show_made(lambda made=view: made(published))
    if quality:
        reading.show_made(lambda: trust.checks(quality))
    else:
        st.info("What the checks found is not published yet: `csw refresh` does it.")


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        title: Its title.
        address: Its address; the first page is at the root.
        make: What shows it.
    """

    title: str
    address: str
    make: Callable[[Reading], None]


BOOK = Page("My book", "book", my_book)
PAGES: Sequence[Page] = (
    Page("Leader", "", leader),
    BOOK,
    Page("Finance", "finance", for_finance),
    Page("Product", "product", for_product),
    Page("Trust", "trust", can_trust),
)
