"""Gaps in the data: said at the end of a build, and accepted by a person.

What a figure needs and nobody told is in `mart_data_gaps`. Here its rows are put among the
messages of the run, and what somebody accepts is kept in `accepted_gaps.jsonl` of the home: only
appended to, so that it can be read who accepted what, when and why.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
HOW_TO_GO_ON = 'csw accept <finding> --by "name" --why "reason"'
# What names a finding on the command line, in messages and in alerts; and the word for every one.
FINDING = "left(md5(concat_ws(' ', source_system, object_type, object_id, gap)), 6)"
ALL = "all"
# So long an acceptance holds unless it says otherwise: ten weekly deliveries, and a while more.
ACCEPTED_DAYS = 90
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
    "expires_on": "DATE",
    "is_expired": "BOOLEAN",
    **EXTENT,
}


@dataclass(frozen=True)
class Finding:
    """What holds the last build, or held it before somebody accepted it."""

    name: str
    text: str
    remedy: str
    kept: dict[str, Any]


def accept(home: Home, name: str, *, by: str, why: str, days: int = ACCEPTED_DAYS) -> list[Finding]:
    """Accept what holds the last build, and write down who did. The home's lock must be held.

    Only what was found before can be accepted, as large as it was then: what the next run finds
    anew, or finds grown, still holds it.

    Args:
        home: The home.
        name: The finding, by its short name; `all` for every one.
        by: Who accepts.
        why: The reason.
        days: So many days it holds.

    Raises:
        HomeError: There is no such finding, or nobody or no reason is named.
    """
    if not by.strip() or not why.strip():
        raise HomeError("Who accepts it, and why, is to be said: --by and --why.")
    found = [each for each in open_findings(home) if name in (ALL, each.name)]
    if not found:
        raise HomeError(f"Nothing that is held is named '{name}': see `csw accept --list`.")
    at = datetime.now(UTC).replace(tzinfo=None)
    said = {
        "accepted_by": by.strip(),
        "accepted_at": at.isoformat(timespec="seconds"),
        "reason": why.strip(),
        "expires_on": (at.date() + timedelta(days=days)).isoformat(),
    }
    lines = [json.dumps(each.kept | said, ensure_ascii=False) + "\n" for each in found]
    file = home.path / ACCEPTED_FILE
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    write_text(file, "".join([before, *lines]))
    return found


def open_findings(home: Home) -> list[Finding]:
    """Return what keeps the last build from being published and is not accepted by the log yet."""
    if not home.warehouse.is_file():
        return []
    columns = [*KEY, "what_is_missing", "row_count", "cast(arr_affected as varchar)"]
    with connect(home.warehouse, read_only=True, wait=False) as connection:
        if not _has_mart(connection):
            return []
        rows = connection.execute(
            f"select {', '.join(columns)}, {FINDING}, remedy from marts.{MART}"
            " where severity = 'error' and is_open order by all"
        ).fetchall()
    findings = [
        Finding(row[-2], row[len(KEY)], row[-1], dict(zip((*KEY, *EXTENT), row, strict=False)))
        for row in rows
    ]
    accepted = [{name: line.get(name) for name in (*KEY, *EXTENT)} for line in in_force(home)]
    return [each for each in findings if each.kept not in accepted]


def in_force(home: Home) -> list[dict[str, Any]]:
    """Return what the log says was accepted and has not expired, the oldest first."""
    return [line for line in _read_log(home) if not line["is_expired"]]


def held(home: Home) -> list[str]:
    """Return what keeps the last build from being published: its name, a sentence, a remedy."""
    return [f"{each.name}: {each.text} {each.remedy}" for each in open_findings(home)]


def _read_log(home: Home) -> list[dict[str, Any]]:
    """Read what was accepted; of before an acceptance expired a line says nothing and stays."""
    file = home.path / ACCEPTED_FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    today = datetime.now(UTC).date().isoformat()
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            told = dict.fromkeys((*EXTENT, "expires_on")) | json.loads(line)
            told |= {
                "acceptance": number,
                "is_expired": bool(told["expires_on"]) and str(told["expires_on"]) < today,
            }
            found.append({column: told[column] for column in ACCEPTED_COLUMNS})
        except (ValueError, KeyError, TypeError) as error:
            raise HomeError(
                f"{file}, line {number} is not what was written there: {line[:80]}. "
                "Take the line out; the gap will be named again."
            ) from error
    return found


def load_accepted_gaps(home: Home) -> None:
    """Copy what was accepted into the warehouse, for the models; without any the table is empty."""
    rows = [list(line.values()) for line in _read_log(home)]
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
                            then 'It is more than was accepted, reads differently, or was accepted'
                                || ' too long ago.'
                    end,
                    case
                        when is_open and severity = 'error'
                            then 'As it is: csw accept ' || {FINDING} || '.'
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
