"""The report: one HTML file with the leader's and the controller's page, for who has no server.

It has no script and asks nothing of the network; its drawings follow light and dark, and it prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboards import numbers
from dashboards.cut import Cut
from dashboards.published import Published, opened
from dashboards.views import account as one
from dashboards.views.accounts import book, books, worklist
from dashboards.views.arr import arr_bridge, last_month
from dashboards.views.charts import svg
from dashboards.views.churn import churn
from dashboards.views.finance import close, tie_out
from dashboards.views.headline import headline
from dashboards.views.nrr import nrr_moved
from dashboards.views.renewals import renewals
from dashboards.views.retention import retention
from dashboards.views.review import growth, review, stakeholders
from dashboards.views.since import since_last
from dashboards.views.standing import in_doubt
from dashboards.views.stopped import stopped
from dashboards.views.trust import backtest, deliveries, gaps
from dashboards.views.view import View
from orchestration.errors import ExplainedError
from orchestration.publish import Publication

TEMPLATE = "report.html.j2"


class ReportError(ExplainedError):
    """A report that cannot be made; the text says why."""


@dataclass(frozen=True)
class Section:
    """A part of a page under a title of its own."""

    title: str
    views: Sequence[View]


@dataclass(frozen=True)
class Csm:
    """A customer success manager."""

    csm_id: str
    name: str


@dataclass(frozen=True)
class Account:
    """An account."""

    account_id: str
    name: str


def company_report(
    database: Path, publication: Publication, before: tuple[Path, Publication] | None = None
) -> str:
    """Return the report of a company.

    Args:
        database: A published file.
        publication: What its manifest says.
        before: The file and manifest of the publication before, if it is still there.

    Returns:
        The HTML page.
    """
    with opened(database, publication) as published:
        if before:
            with opened(*before) as earlier:
                changes = since_last(published, earlier)
        else:
            changes = since_last(published, None)
        sections = [
            Section("", [headline(published)]),
            Section("What changed", [changes, last_month(published)]),
            Section(
                "Recurring revenue",
                [retention(published), nrr_moved(published), arr_bridge(published)],
            ),
            Section("Ahead", [renewals(published), worklist(published), books(published)]),
            Section("Behind", [churn(published), stopped(published)]),
            Section("Finance", [tie_out(published), close(published)]),
            Section("Trust", [gaps(published), deliveries(published), backtest(published)]),
        ]
        return _page(published, sections, title=publication.company)


def book_report(database: Path, publication: Publication, csm: str) -> str:
    """Return the report of the accounts that one customer success manager has.

    Args:
        database: A published file.
        publication: What its manifest says.
        csm: The manager's id, or the name in any case.

    Returns:
        The HTML page.

    Raises:
        ReportError: Nobody has that id or name, or several have the name.
    """
    with opened(database, publication) as published:
        who = find_csm(published, csm)
        cut = Cut(csm_id=who.csm_id)
        sections = [
            Section("", [book(published, cut)]),
            Section("Ahead", [worklist(published, cut), renewals(published, cut)]),
        ]
        return _page(published, sections, title=f"{who.name}, {publication.company}")


def account_report(database: Path, publication: Publication, account: str) -> str:
    """Return the pack for a business review of one account.

    Args:
        database: A published file.
        publication: What its manifest says.
        account: The account's id, or the name in any case.

    Returns:
        The HTML page.

    Raises:
        ReportError: No account has that id or name, or several have the name.
    """
    with opened(database, publication) as published:
        which = find_account(published, account)
        views = (
            ("", (review, stakeholders)),
            ("Use and help", (one.usage, one.tickets)),
            ("Health and what lies ahead", (one.reasons, one.warnings, growth)),
        )
        sections = [
            Section(title, [view(published, which.account_id) for view in each])
            for title, each in views
        ]
        return _page(published, sections, title=f"{which.name}, {publication.company}")


def find_account(published: Published, asked: str) -> Account:
    """Return the account that has an id or a name (in any case).

    Raises:
        ReportError: No account has that id or name, or several have the name.
    """
    found = [
        Account(row["account_id"], numbers.text(row["account_name"]))
        for row in published.rows(
            "select account_id, account_name from mart_account_360"
            " where account_id = $1 or lower(account_name) = lower(trim($1)) order by 1",
            asked,
        )
    ]
    found = [each for each in found if each.account_id == asked] or found
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(each.account_id for each in found)
        raise ReportError(f"Several are called '{asked}'. Name one by the id: {ids}.")
    raise ReportError(
        f"No account is called '{asked}'. `csw query \"select account_id, account_name from"
        ' mart_account_360"` lists them.'
    )


def find_csm(published: Published, asked: str) -> Csm:
    """Return the customer success manager who has an id or a name (in any case).

    Raises:
        ReportError: Nobody has that id or name, or several have the name.
    """
    everybody = [
        Csm(row["csm_id"], numbers.text(row["csm_name"]))
        for row in published.rows(
            "select csm_id, max(csm_name) as csm_name from dim_account"
            " where csm_id is not null group by csm_id order by 2, 1"
        )
    ]
    found = [who for who in everybody if who.csm_id == asked] or [
        who for who in everybody if who.name.casefold() == asked.strip().casefold()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(who.csm_id for who in found)
        raise ReportError(f"Several are called '{asked}'. Name one by the id: {ids}.")
    names = ", ".join(f"{who.name} ({who.csm_id})" for who in everybody)
    raise ReportError(
        f"No account has a CSM '{asked}'."
        + (f" There are: {names}." if names else " No account has any.")
    )


def _page(published: Published, sections: Sequence[Section], *, title: str) -> str:
    template = templates().get_template(TEMPLATE)
    return template.render(
        title=title,
        publication=published.publication,
        warning=in_doubt(published),
        has_gaps=any(view.key == "gaps" for section in sections for view in section.views),
        sections=sections,
        definitions=list(_definitions(published, sections)),
        drawing=lambda chart: Markup(svg(chart.drawing)),
        anchor=_anchor,
    )


@cache
def templates() -> Environment:
    """Return where pages are written: the templates of this folder, which quote what they show."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _definitions(
    published: Published, sections: Sequence[Section]
) -> Iterator[tuple[str, str, str]]:
    """Yield anchor, name and definition of each figure, as the tables document them."""
    seen = set()
    for section in sections:
        for view in section.views:
            for figure in view.figures:
                if figure.source and figure.source not in seen:
                    seen.add(figure.source)
                    said = published.description(*figure.source)
                    yield _anchor(figure.source), ".".join(figure.source), said


def _anchor(source: tuple[str, str]) -> str:
    return "definition-" + "-".join(source)
