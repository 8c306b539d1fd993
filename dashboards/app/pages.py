"""Which views are on which page."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import streamlit as st

from dashboards.app.filters import account_names, warn_of_unknown
from dashboards.app.kept import Drawn, Views
from dashboards.app.show import draw, show
from dashboards.cut import Cut
from dashboards.published import Published
from dashboards.views import account, finance, product, review, trust
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
        views: The views that were made of them so far.
        quality: Opens what the checks of the newest run found, if it is published.
        cut: The filters that are on.
        made: The views that are made and wait to be shown.
        shown: The views that the page has shown.
    """

    published: Published
    views: Views
    quality: Callable[[], Published | None]
    cut: Cut
    made: list[Drawn | str] = field(default_factory=list)
    shown: list[View] = field(default_factory=list)

    def make(self, *views: Callable[[Published, Cut], View]) -> None:
        """Make views that know the filters."""
        for view in views:
            self.make_one(view, self.cut)

    def make_one(self, view: Callable[..., View], told: Hashable = None) -> None:
        """Make one view, or say which table or column of this publication it misses.

        Args:
            view: What makes it.
            told: What else it is told: the filters, an account, or nothing.
        """
        self._try(lambda: self.views.drawn(view, self.published, told, self._draw))

    def make_checks(self, quality: Published) -> None:
        """Make the view of what the checks found: of another file, which changes more often."""

        def made() -> Drawn:
            view = trust.checks(quality)
            return Drawn(view, draw(view, quality, {}))

        self._try(made)

    def _draw(self, view: View, published: Published) -> str:
        is_of_accounts = view.table is not None and "Account" in view.table.columns
        names = self.views.once(account_names, published) if is_of_accounts else {}
        return draw(view, published, names)

    def _try(self, make: Callable[[], Drawn]) -> None:
        try:
            self.made.append(make())
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            said = str(error).splitlines()[0].partition(": ")[2]
            self.made.append(f"Not in this publication: {said} `csw refresh` publishes it.")

    def show(self) -> None:
        """Show what is made, at once: a browser that draws meanwhile begins again each time.

        Each view has a place of its own: when one has no chart any more, the next ones are still
        where they were, and the browser need not draw them again.
        """
        for each in self.made:
            with st.container():
                if isinstance(each, Drawn):
                    show(each, self.published, self.cut)
                    self.shown.append(each.view)
                else:
                    st.info(each)
        self.made.clear()


def leader(reading: Reading) -> None:
    """How much recurring revenue there is, whether it is kept, and what lies ahead."""
    reading.make(last_month, retention, nrr_moved, arr_bridge)
    reading.make_one(forecast)
    reading.make(renewals, pipeline)
    reading.make_one(books)
    reading.make(scorecard, health, cohorts, nps, csat)
    first = replace(reading, made=[])
    first.make(headline)
    first.show()
    behind = st.pills("The rows behind a number", list(BEHIND), key="behind", bind="query-params")
    with st.container():
        if behind in BEHIND:
            first.make(BEHIND[behind])
            first.show()


def my_book(reading: Reading) -> None:
    """What one customer success manager has to do today, and why."""
    with st.container():
        if reading.cut.csm_id is None:
            st.info("Choose a CSM among the filters for one book; here are all.")
            reading.make_one(books)
            reading.show()
    reading.make(worklist, signals, opportunities, renewals, care, book)


def one_account(reading: Reading) -> None:
    """What somebody wants to know of one account before talking to it."""
    names = reading.views.once(account_names, reading.published)
    if not reading.published.has(account.ACCOUNT):
        reading.make_one(account.overview, "")
        return
    if not names:
        st.info("No account is under contract.")
        return
    rows = reading.published.rows(
        f"select account_id from {account.ACCOUNT} as accounts"
        f" where {reading.cut.today('accounts')}"
    )
    within = {row["account_id"] for row in rows}
    choices = [account_id for account_id in names if account_id in within]
    warn_of_unknown("account", "Account", (names[account_id] for account_id in choices))
    chosen = st.selectbox(
        "One account",
        choices,
        index=None,
        format_func=names.__getitem__,
        key="account",
        bind="query-params",
        placeholder="Name of an account",
    )
    if chosen is None:
        st.info("Choose an account; in the tables of the other pages each name leads to its own.")
        return
    # One account is what it is, whatever the filters say.
    for view in (
        account.overview,
        review.review,
        review.stakeholders,
        account.reasons,
        account.warnings,
        review.growth,
        account.usage,
        account.tickets,
    ):
        reading.make_one(view, chosen)


def for_finance(reading: Reading) -> None:
    """How ARR moved, whether it is what is billed, and what was reported of it."""
    reading.make(arr_bridge, finance.as_reported)
    reading.make_one(finance.close)
    reading.make(finance.tie_out, finance.exceptions, churn)


def for_product(reading: Reading) -> None:
    """What each product brings in, which features are used, by whom, and where they are not."""
    reading.make(product.arr_by_product, product.adoption, stopped, product.heat)


def can_trust(reading: Reading) -> None:
    """Whether the score can be trusted, and whether the data are all there."""
    quality = reading.quality()
    for view in (
        trust.backtest,
        trust.calibration,
        accuracy,
        trust.freshness,
        trust.deliveries,
        trust.gaps,
    ):
        reading.make_one(view)
    if quality:
        reading.make_checks(quality)
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
ACCOUNT = Page("Account", "account", one_account)
PAGES: Sequence[Page] = (
    Page("Leader", "", leader),
    BOOK,
    ACCOUNT,
    Page("Finance", "finance", for_finance),
    Page("Product", "product", for_product),
    Page("Trust", "trust", can_trust),
)
