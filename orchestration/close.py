"""Closing a month: its published figures are written to the ledger, once.

What is closed is what was published: the Parquet files of the last publication, whose tests have
passed, checked against the hashes of its manifest. The month is as reported from then on; what
becomes known later changes the restated figures only.
"""

from __future__ import annotations

import getpass
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.build_state import build_state_file
from orchestration.database import DatabaseError, text
from orchestration.definition import CLOSED, definition_version
from orchestration.ledger import (
    FIRST_HASH,
    Close,
    LedgerError,
    LedgerFile,
    Month,
    append,
    ledger_folder,
    read_closes,
)
from orchestration.ledger_checks import load_ledger, require_intact
from orchestration.publish import MANIFEST as PUBLISHED_MANIFEST
from orchestration.publish import Publication, note_closes, read_publication
from orchestration.state import read_json, sha256_of

if TYPE_CHECKING:
    from orchestration.home import Home

__all__ = ["CloseError", "close_month", "load_ledger", "next_month"]

CLOSED_BY_VARIABLE = "CSW_CLOSED_BY"
MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation", "fx", "transfer")


class CloseError(LedgerError):
    """The month cannot be closed; the text says why and what to do."""


@dataclass(frozen=True)
class _Inputs:
    """The published Parquet files a close reads."""

    account_month: Path
    arr_line: Path
    retention: Path


def next_month(home: Home) -> Month | None:
    """Return the month that is to be closed next; none when nothing was closed yet."""
    closes = read_closes(home)
    return Month.parse(closes[-1].month).next if closes else None


def close_month(home: Home, month: Month, *, closed_by: str | None = None) -> Close:
    """Write a month's published figures to the ledger. The home's lock must be held.

    Args:
        home: The home.
        month: The month; after the first close only the one that follows.
        closed_by: Who signs; default: `CSW_CLOSED_BY`, else the user of the machine.

    Returns:
        The entry of the close.

    Raises:
        CloseError: The month cannot be closed; nothing was written.
        LedgerError: The ledger is not as it was written.
    """
    signed_by = _signer(closed_by)
    require_intact(home)
    _require_turn(home, month)
    publication = _passed_publication(home)
    _require_complete(month, publication)
    inputs = _inputs(home, publication)
    closes = read_closes(home)
    folder = ledger_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / f".{month}.tmp"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    try:
        previous = folder / closes[-1].month / "account_month.parquet" if closes else None
        rows, totals = _write_tables(inputs, staged, month, previous)
        entry = Close(
            month=str(month),
            as_of_date=publication.as_of_date,
            closed_at=datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
            closed_by=signed_by,
            run_id=publication.run_id,
            definition_version=publication.definition_version or definition_version(home),
            policy=publication.policy,
            totals=totals,
            files={
                name: LedgerFile(rows=count, sha256=sha256_of(staged / name))
                for name, count in rows.items()
            },
            previous_hash=closes[-1].hash if closes else FIRST_HASH,
        ).sealed()
        # Noted before it is there: a month that the home did not begin to close is not entered.
        note_closes(home.published, closing={str(month): entry.hash})
        append(home, entry, staged)
        hashes = {close.month: close.hash for close in (*closes, entry)}
        note_closes(home.published, closes=hashes, closing={})
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    # From now on the warehouse knows the month too, and a ledger without it is noticed. The month
    # is closed even where somebody else has the warehouse open: then the next refresh does it.
    with suppress(DatabaseError, duckdb.Error, LedgerError):
        load_ledger(home, entry.definition_version, wait=False)
    return entry


def _signer(name: str | None) -> str:
    if name is None:
        return os.environ.get(CLOSED_BY_VARIABLE, "").strip() or getpass.getuser()
    if not name.strip():
        raise CloseError('The name of who signs is empty. Give it, as --by "Kim Park".')
    return name.strip()


def _require_turn(home: Home, month: Month) -> None:
    closes = read_closes(home)
    for close in closes:
        if close.month == str(month):
            raise CloseError(
                f"{month} was closed on {close.closed_at} UTC by {close.closed_by}. A month is "
                "closed once; what became known since is in mart_restatements."
            )
    if closes and month != Month.parse(closes[-1].month).next:
        last = Month.parse(closes[-1].month)
        raise CloseError(
            f"Months are closed in order: {last} is the last closed one, close {last.next} next."
        )


def _passed_publication(home: Home) -> Publication:
    """Return the last publication, when it is that of the last refresh."""
    publication = read_publication(home.published)
    if publication is None:
        raise CloseError("Nothing is published yet. Run `csw refresh`, then close the month.")
    state = read_json(build_state_file(home))
    if not home.warehouse.is_file() or not state:
        raise CloseError("The warehouse is not there. Run `csw refresh`, then close the month.")
    if not state.get("succeeded") or state.get("run_id") != publication.run_id:
        raise CloseError(
            "The last refresh did not pass its tests, so that its figures are not published. "
            "Repair what `csw status` names, run `csw refresh`, then close the month."
        )
    return publication


def _require_complete(month: Month, publication: Publication) -> None:
    if date.fromisoformat(publication.as_of_date) < month.last_day:
        raise CloseError(
            f"{month} is not complete: the published figures are as of {publication.as_of_date}, "
            f"its last day is {month.last_day}. Run `csw refresh` when the days are there."
        )


def _inputs(home: Home, publication: Publication) -> _Inputs:
    """Return the published files, each as its manifest says."""
    folder = home.published / publication.parquet
    files = []
    for name in CLOSED:
        file = folder / f"{name}.parquet"
        published = publication.marts.get(name)
        if published is None or not file.is_file():
            raise CloseError(f"{name} is not published. Run `csw refresh`, then close the month.")
        if sha256_of(file) != published.sha256:
            raise CloseError(
                f"{file} is not what {PUBLISHED_MANIFEST} says. Run `csw refresh`, then close the "
                "month."
            )
        files.append(file)
    return _Inputs(*files)


def _write_tables(
    inputs: _Inputs, staged: Path, month: Month, previous: Path | None
) -> tuple[dict[str, int], dict[str, str]]:
    """Write the month's tables, and return their rows and the totals a person signs."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        connection.execute("set timezone = 'UTC'")
        first_day = month.first_day.isoformat()
        _account_months(connection, inputs, first_day, previous)
        if not _count(connection, "account_month"):
            raise CloseError(f"There are no figures for {month}: no account had ARR by then.")
        connection.execute(
            f"""
            create table arr_line as
            select date '{first_day}' as close_month, lines.*
            from read_parquet(?) as lines
            cross join (select max(snapshot_on) as snapshot_on from months) as snapshot
            where
                lines.valid_from <= snapshot.snapshot_on
                and coalesce(lines.valid_to > snapshot.snapshot_on, true)
            """,
            [str(inputs.arr_line)],
        )
        connection.execute(
            f"""
            create table retention as
            select month as close_month, * exclude (month)
            from read_parquet(?)
            where month = date '{first_day}'
            """,
            [str(inputs.retention)],
        )
        _check(connection, month)
        orders = {
            "account_month": "account_id",
            "arr_line": "source_system, subscription_item_id",
            "retention": "segment_type, segment_value",
        }
        for table, order in orders.items():
            target = text(staged / f"{table}.parquet")
            connection.execute(
                f"copy (select * from {table} order by {order}) to {target} "
                "(format parquet, compression zstd)"
            )
        rows = {f"{table}.parquet": _count(connection, table) for table in orders}
        return rows, _totals(connection)


def _account_months(
    connection: duckdb.DuckDBPyConnection, inputs: _Inputs, first_day: str, previous: Path | None
) -> None:
    """Make the month of each account.

    It opens with what was reported; what has changed of closed months since then is its prior
    period adjustment.
    """
    connection.execute(
        f"""
        create table months as
        select * from read_parquet(?) where month = date '{first_day}'
        """,
        [str(inputs.account_month)],
    )
    if previous is None:
        connection.execute(
            "create table account_month as "
            "select month as close_month, * exclude (month) from months"
        )
        return
    connection.execute("create table reported as select * from read_parquet(?)", [str(previous)])
    zero_movements = ", ".join(f"cast(0 as decimal(18, 2)) as {name}_arr" for name in MOVEMENTS)
    connection.execute(
        f"""
        create table account_month as
        select
            months.month as close_month,
            months.* exclude (month) replace (
                cast(coalesce(reported.closing_arr, 0) as decimal(18, 2)) as opening_arr,
                cast(
                    months.opening_arr - coalesce(reported.closing_arr, 0) as decimal(18, 2)
                ) as prior_period_adjustment_arr
            )
        from months
        left join reported using (account_id)
        union all by name
        select
            date '{first_day}' as close_month,
            account_id,
            closing_arr as opening_arr,
            cast(0 as decimal(18, 2)) as closing_arr,
            'none' as movement,
            {zero_movements},
            cast(-closing_arr as decimal(18, 2)) as prior_period_adjustment_arr,
            segment, region, country, industry, csm_id, size_band, plan, product, start_year,
            metric_policy
        from reported
        where closing_arr <> 0 and account_id not in (select account_id from months)
        """
    )


def _check(connection: duckdb.DuckDBPyConnection, month: Month) -> None:
    """What goes to the ledger balances: the bridge of each account, and lines against accounts."""
    movements = " + ".join(f"{name}_arr" for name in MOVEMENTS)
    unbalanced = connection.execute(
        f"select account_id from account_month where opening_arr + {movements} "
        "+ prior_period_adjustment_arr <> closing_arr"
    ).fetchall()
    accounts, lines = connection.execute(
        "select (select sum(closing_arr) from account_month), (select sum(arr) from arr_line)"
    ).fetchone() or (0, 0)
    if unbalanced:
        raise CloseError(f"{month} does not balance for {unbalanced[0][0]}; it was not closed.")
    if (accounts or 0) != (lines or 0):
        raise CloseError(
            f"{month} does not tie: accounts have {accounts} ARR, their lines {lines}; "
            "it was not closed."
        )


def _totals(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    columns = ["opening_arr", *(f"{name}_arr" for name in MOVEMENTS)]
    columns += ["prior_period_adjustment_arr", "closing_arr"]
    sums = ", ".join(f"sum({column})" for column in columns)
    values = connection.execute(f"select {sums} from account_month").fetchone() or ()
    totals = {column: str(value) for column, value in zip(columns, values, strict=True)}
    totals["accounts"] = str(
        _count(connection, "account_month where closing_arr > 0 and account_id <> 'unassigned'")
    )
    rates = connection.execute(
        "select nrr, grr, logo_retention from retention where segment_type = 'total'"
    ).fetchone()
    for name, value in zip(("nrr", "grr", "logo_retention"), rates or (), strict=False):
        totals[name] = "" if value is None else repr(value)
    return totals


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    (rows,) = connection.execute(f"select count(*) from {table}").fetchone() or (0,)
    return int(rows)
