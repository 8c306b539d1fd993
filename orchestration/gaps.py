"""Gaps in the data: said at the end of a build, and accepted by a person.

What a figure needs and nobody told is in `mart_data_gaps`. Here its rows are put among the
messages of the run, and what somebody accepts is kept in `accepted_gaps.jsonl` of the home: only
appended to, so that it can be read who accepted what, when and why.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import duckdb

from orchestration.database import connect
from orchestration.home import Home, HomeError
from orchestration.loads.warehouse import LOAD_TABLES, ensure_table, opened
from orchestration.state import write_text

ACCEPTED_FILE = "accepted_gaps.jsonl"
MART = "mart_data_gaps"
# The data test that fails as long as something is held, and the command that goes on.
HOLDING_TEST = "assert_nothing_holds_publishing"
HOW_TO_GO_ON = 'csw refresh --accept "name: reason"'
KEY = ("source_system", "object_type", "object_id", "gap")
# How large a gap was, and how it read, when it was accepted: that much is accepted, no more. Lines
# of before this was written down say nothing of it; the gap is then open until accepted anew.
EXTENT = {
    "what_is_missing": "VARCHAR",
    "row_count": "BIGINT",
    "arr_affected": "DECIMAL(18, 2)",
}
ACCEPTED_COLUMNS = {
    "acceptance": "BIGINT",
    **dict.fromkeys(KEY, "VARCHAR"),
    "accepted_by": "VARCHAR",
    "accepted_at": "TIMESTAMP",
    "reason": "VARCHAR",
    **EXTENT,
}


def parse_acceptance(text: str) -> tuple[str, str]:
    """Return who accepts and why from `name: reason`.

    Raises:
        HomeError: One of the two is missing.
    """
    name, _, reason = (part.strip() for part in text.partition(":"))
    if not name or not reason:
        raise HomeError(
            f"'{text}' does not say who accepts the gaps and why; "
            'write it as --accept "name: reason".'
        )
    return name, reason


def accept_open_gaps(home: Home, text: str) -> list[str]:
    """Accept the gaps that stopped the last run, and write down who did.

    Only what was named before can be accepted, as large as it was then: a gap that this run finds
    anew, or finds grown, still stops it.

    Args:
        home: The home; its lock must be held.
        text: Who accepts and why, as `name: reason`.

    Returns:
        A line for each gap that is accepted now.
    """
    name, reason = parse_acceptance(text)
    found = _open_errors(home)
    at = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    lines = []
    for row in found:
        kept = dict(zip((*KEY, *EXTENT), row, strict=True))
        kept |= {"accepted_by": name, "accepted_at": at, "reason": reason}
        lines.append(json.dumps(kept, ensure_ascii=False) + "\n")
    if lines:
        file = home.path / ACCEPTED_FILE
        before = file.read_text(encoding="utf-8") if file.is_file() else ""
        write_text(file, "".join([before, *lines]))
    return [f"Accepted by {name}: {row[len(KEY)]}" for row in found]


def held(home: Home) -> list[str]:
    """Return what keeps the last build from being published, a sentence and a remedy each."""
    return [f"{row[len(KEY)]} {row[-1]}" for row in _open_errors(home, "remedy")]


def _open_errors(home: Home, *more: str) -> list[tuple[Any, ...]]:
    if not home.warehouse.is_file():
        return []
    columns = [*KEY, "what_is_missing", "row_count", "cast(arr_affected as varchar)", *more]
    with connect(home.warehouse, read_only=True, wait=not more) as connection:
        if not _has_mart(connection):
            return []
        return connection.execute(
            f"select {', '.join(columns)} from marts.{MART}"
            " where severity = 'error' and is_open order by all"
        ).fetchall()


def load_accepted_gaps(home: Home) -> None:
    """Copy what was accepted into the warehouse, for the models; without any the table is empty."""
    file = home.path / ACCEPTED_FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            kept = json.loads(line)
            kept["acceptance"] = number
            told = dict.fromkeys(EXTENT) | kept
            rows.append([told[column] for column in ACCEPTED_COLUMNS])
        except (ValueError, KeyError, TypeError) as error:
            raise HomeError(
                f"{file}, line {number} is not what was written there: {line[:80]}. "
                "Take the line out; the gap will be named again."
            ) from error
    with opened(home.warehouse) as connection:
        connection.begin()
        connection.execute("create schema if not exists ledger")
        columns = ", ".join(f"{name} {kind}" for name, kind in ACCEPTED_COLUMNS.items())
        connection.execute(f"create or replace table ledger.accepted_gaps ({columns})")
        if rows:
            marks = ", ".join("?" for _ in ACCEPTED_COLUMNS)
            connection.executemany(f"insert into ledger.accepted_gaps values ({marks})", rows)
        connection.commit()


def say_gaps(home: Home, run_id: str) -> int:
    """Put the gaps of this build among the run's messages.

    Returns:
        How many are open.
    """
    with opened(home.warehouse) as connection:
        if not _has_mart(connection):
            return 0
        connection.execute("create schema if not exists raw_loads")
        ensure_table(connection, "raw_loads", "messages", LOAD_TABLES["messages"])
        connection.execute(
            f"""
            insert into raw_loads.messages by name
            select
                ? as run_id,
                case when is_open then severity else 'warning' end as severity,
                source_system as source,
                object_type as source_table,
                '' as source_file,
                '' as column_name,
                concat_ws(
                    ' ',
                    rtrim(what_is_missing, '.') || '.',
                    rtrim(remedy, '.') || '.',
                    'Accepted by ' || accepted_by || ': ' || rtrim(accepted_reason, '.') || '.',
                    case
                        when is_open and accepted_by is not null
                            then 'It is more than was accepted, or reads differently.'
                    end
                ) as message
            from marts.{MART}
            """,
            [run_id],
        )
        row = connection.execute(f"select count(*) from marts.{MART} where is_open").fetchone()
    return row[0] if row else 0


def _has_mart(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = ?", [MART]
    ).fetchone()
    return found is not None
