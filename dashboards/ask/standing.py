"""What every answer carries: of which day it is, whether it may still move, what is in doubt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from dashboards.ask.question import AskError
from dashboards.published import Published, opened
from dashboards.views import standing
from orchestration.ledger import Month
from orchestration.publish import Publication, read_publication

NEEDED = ("mart_data_gaps", "fct_account_month", "dim_account")
NOTHING = "Nothing is published yet: run `csw refresh`."
# Nobody's address is in an answer, wherever a text may have it from.
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
LEFT_OUT = "(e-mail left out)"


@contextmanager
def newest(folder: Path) -> Iterator[tuple[Published, ExitStack]]:
    """Open what is published now; the second is for what has to be closed with it."""
    with ExitStack() as files:
        publication = read_publication(folder)
        if publication is None:
            raise AskError(NOTHING)
        try:
            published = files.enter_context(opened(folder / publication.database, publication))
        except duckdb.Error:
            newer = read_publication(folder)
            if newer is None or newer == publication:
                raise
            # Three publications have passed since the manifest was read.
            published = files.enter_context(opened(folder / newer.database, newer))
        yield published, files


def standing_of(
    published: Published, folder: Path, files: ExitStack, months: Sequence[date] = ()
) -> dict[str, Any]:
    """Return what has to be known before a figure of a publication is quoted.

    Args:
        published: The publication.
        folder: Where it is published.
        files: Closes what is opened for it.
        months: The months that the answer is of.
    """
    publication = published.publication
    has_gaps = published.has(*NEEDED)
    return {
        "company": publication.company,
        "currency": published.currency,
        "as_of": publication.as_of_date,
        "published_at": publication.published_at,
        "metric_policy": _policy(published),
        "definition_version": publication.definition_version or None,
        **(_period(published, months) if months else {}),
        "data_gaps": standing.in_doubt(published) or None if has_gaps else None,
        "no_longer_comes": list(standing.stale(published)) if has_gaps else [],
        "held": _held(published, publication, folder, files),
        "old": standing.old(published) or None,
        "data_reach_until": publication.newest_business_days,
    }


def _period(published: Published, months: Sequence[date]) -> dict[str, Any]:
    """Whether months are over, and whether finance has closed them: then they do not move."""
    over = {
        row["month"]: row["is_complete"]
        for row in published.rows(
            "select month, bool_and(is_complete) as is_complete from fct_account_month group by 1"
        )
    }
    closed = published.publication.closes or {}
    return {
        "period": {
            "from": f"{months[0]:%Y-%m}",
            "to": f"{months[-1]:%Y-%m}",
            "open_months": [
                f"{month:%Y-%m}"
                for month in months
                if not over.get(month, Month(month).last_day <= published.as_of)
            ],
            "closed_months": [
                f"{month:%Y-%m}"
                for month in months
                if f"{month:%Y-%m}" in closed or f"{month}" in closed
            ],
        }
    }


def _policy(published: Published) -> str | None:
    if not published.has("fct_account_month"):
        return None
    return published.row("select max(metric_policy) as policy from fct_account_month")["policy"]


def _held(
    published: Published, publication: Publication, folder: Path, files: ExitStack
) -> str | None:
    if publication.quality is None or not standing.is_newer_held(published):
        return None
    quality = files.enter_context(opened(folder / publication.quality.database, publication))
    return standing.held(published, quality) or None


def plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value as JSON has it: amounts with their digits, days as text, no e-mail."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str):
        return _EMAIL.sub(LEFT_OUT, value)
    return value
