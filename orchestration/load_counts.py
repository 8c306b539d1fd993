"""What the loads of a run did, read back from the warehouse for the summary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.database import connect
from orchestration.loads.business_time import newest_business_days

COUNT_COLUMNS = ("rows_read", "rows_loaded", "rows_unchanged", "rows_rejected", "rows_unmapped")


@dataclass(frozen=True)
class SourceCount:
    """Rows of one source in one run: read = loaded + unchanged + rejected + unmapped.

    `newest_day` is the newest business day of all that is loaded of it; none: it is not dated.
    """

    source: str
    rows_read: int
    rows_loaded: int
    rows_unchanged: int
    rows_rejected: int
    rows_unmapped: int
    newest_day: str | None = None


@dataclass(frozen=True)
class LoadMessage:
    """Something a load has to say about its input."""

    severity: str
    source: str
    where: str
    text: str


@dataclass(frozen=True)
class RejectReason:
    """Rows of one file rejected for one reason; the reason is worded for the first of them."""

    source: str
    table: str
    file: str
    reason: str
    rows: int
    first_line: int | None


@dataclass(frozen=True)
class LoadSummary:
    """All sources of one run."""

    counts: list[SourceCount]
    messages: list[LoadMessage]
    rejects: list[RejectReason]


def read_loads(warehouse: Path, run_id: str) -> LoadSummary:
    """Read what one run loaded; empty when it loaded nothing."""
    if not warehouse.is_file():
        return LoadSummary([], [], [])
    with connect(warehouse, read_only=True) as connection:
        present = {
            f"{schema}.{table}"
            for schema, table in connection.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall()
        }
        counts = _counts(connection, run_id) if "raw_loads.file_counts" in present else []
        messages = _messages(connection, run_id) if "raw_loads.messages" in present else []
        rejects = [
            reason
            for count in counts
            if count.rows_rejected and f"raw_{count.source}.rejects" in present
            for reason in _rejects(connection, count.source, run_id)
        ]
    return LoadSummary(counts, messages, sorted(rejects, key=lambda reason: -reason.rows))


def _counts(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[SourceCount]:
    sums = ", ".join(f"sum({column})::bigint" for column in COUNT_COLUMNS)
    rows = connection.execute(
        f"select source, {sums} from raw_loads.file_counts where run_id = ? "
        "group by source order by min(loaded_at)",
        [run_id],
    ).fetchall()
    newest = newest_business_days(connection, [source for source, *_ in rows])
    return [SourceCount(*row, newest.get(row[0])) for row in rows]


def _messages(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[LoadMessage]:
    rows = connection.execute(
        """
        select
            severity,
            source,
            concat_ws(', ', nullif(source_file, ''), nullif(column_name, '')) as place,
            message
        from raw_loads.messages
        where run_id = ?
        group by severity, source, place, message
        order by
            case severity when 'error' then 1 when 'warning' then 2 else 3 end,
            -- That a delivery is bad as a whole goes before what it did to single rows.
            bool_and(coalesce(source_table, '') not in ('source', 'delivery', 'table')),
            source,
            message
        """,
        [run_id],
    ).fetchall()
    return [LoadMessage(*row) for row in rows]


def _rejects(connection: duckdb.DuckDBPyConnection, source: str, run_id: str) -> list[RejectReason]:
    # Reasons name the row's own values: without them, like reasons are one.
    rows = connection.execute(
        f"""
        select
            source_table,
            source_file,
            arg_min(reason, source_line),
            count(*),
            min(source_line)
        from "raw_{source}".rejects
        where run_id = ?
        group by
            source_table,
            source_file,
            column_name,
            regexp_replace(regexp_replace(reason, $$'[^']*'$$, '', 'g'), '[0-9]+', '', 'g')
        order by count(*) desc, source_file, min(source_line)
        """,
        [run_id],
    ).fetchall()
    return [RejectReason(source, *row) for row in rows]
