"""What stands on top of each page: what is in doubt, what is held, what is old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from dashboards import numbers
from dashboards.cut import EVERYTHING, Cut
from dashboards.published import Published

# A refresh runs every day; one may fail.
OLD_DAYS = 2
# Gaps that say that something no longer comes, or came short.
STALE = (
    "gap = 'data_stale' or gap like 'delivery\\_%' escape '\\' or gap like 'file\\_%' escape '\\'"
)


def in_doubt(published: Published, cut: Cut = EVERYTHING) -> str:
    """Say how many things are not known, and how much ARR that touches; empty if nothing."""
    row = published.row(
        "select count(*) as gaps, sum(arr_affected) as arr from mart_data_gaps as gaps"
        f" where severity <> 'info' and is_open and {cut.today('gaps')}"
    )
    if not row["gaps"]:
        return ""
    things = "1 thing is" if row["gaps"] == 1 else f"{row['gaps']} things are"
    arr = numbers.money(row["arr"], published.currency)
    return f"{things} not known" + (f", {arr} of ARR in doubt." if row["arr"] else ".")


def stale(published: Published) -> Iterator[str]:
    """Yield what no longer comes, or came short, and was published all the same."""
    for row in published.rows(
        f"select what_is_missing from mart_data_gaps where is_open and severity <> 'info'"
        f" and ({STALE}) order by arr_affected desc nulls last, object_id limit 3"
    ):
        yield row["what_is_missing"]


def old(published: Published, now: datetime | None = None) -> str:
    """Say that nothing was published for days; empty if something was."""
    at = datetime.fromisoformat(published.publication.published_at)
    days = ((now or datetime.now(UTC)) - at).days
    return (
        f"Nothing has been published for {numbers.things(days, 'day')}." if days >= OLD_DAYS else ""
    )


def is_newer_held(published: Published) -> bool:
    """Whether there was a run after the one that is published."""
    newest = published.publication.quality
    return newest is not None and newest.run_id > published.publication.run_id


def held(published: Published, quality: Published, *, is_explained: bool = True) -> str:
    """Say that a newer run was not published, and why; empty if these are the newest figures.

    Args:
        published: What is published.
        quality: What the checks of the newest run found.
        is_explained: Whether to say why, which may name any account.
    """
    newest = published.publication.quality
    if newest is None or not is_newer_held(published):
        return ""
    said = (
        f"A newer run, for {newest.as_of_date}, is not published: these are the figures of "
        f"{published.publication.as_of_date}."
    )
    if not is_explained:
        return said
    gaps = quality.row(
        "select count(*) as held, min(what_is_missing) as first from mart_data_gaps"
        " where severity = 'error' and is_open and accepted_by is null"
    )
    failed = quality.row("select count_if(status = 'fail') as failed from mart_data_quality")
    if gaps["held"]:
        more = f" and {gaps['held'] - 1} more" if gaps["held"] > 1 else ""
        return f"{said} Held: {gaps['first']}{more}"
    failing = numbers.things(failed["failed"] or 0, "check")
    return f"{said} {failing} failed." if failed["failed"] else said
