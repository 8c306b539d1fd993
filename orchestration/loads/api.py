"""The steps of a load, apart (for Dagster) and in one call (for scripts and tests)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from orchestration.database import connect
from orchestration.loads.dlt_source import build_dlt_source, build_pipeline, drop_pending, take_run
from orchestration.loads.finish import finish
from orchestration.loads.model import LoadError, LoadReport, LoadRequest
from orchestration.loads.warehouse import quote, text

# Where activity is dated, by source: first the columns that say when it arrived.
ACTIVITY = {
    "segment": [[("tracks", "received_at")]],
    "files": [
        [("events", "coalesce(received_at, occurred_at)"), ("usage_daily", "usage_date")],
        [
            ("touchpoints", "occurred_at"),
            ("tickets", "created_at"),
            ("survey_responses", "responded_at"),
            ("invoices", "issued_at"),
            ("subscriptions", "started_at"),
        ],
    ],
    "zendesk": [[], [("ticket", "updated_at")]],
    "delighted": [[], [("survey_response", "make_timestamp(updated_at * 1000000)")]],
    "stripe": [
        [],
        # Not every road brings events.
        [
            ("event", "make_timestamp(created * 1000000)"),
            ("invoice", "make_timestamp(created * 1000000)"),
            ("charge", "make_timestamp(created * 1000000)"),
        ],
    ],
    "salesforce": [[], [("event", "start_date_time"), ("account", "system_modstamp")]],
}


def finish_load(request: LoadRequest) -> LoadReport:
    """Write counts, rejects and messages after the pipeline ran, and report.

    Raises:
        LoadError: A file or table could not be loaded at all; everything else is in.
    """
    return finish(take_run(request))


def load(request: LoadRequest) -> LoadReport:
    """Load one source: pipeline and report.

    Raises:
        LoadError: A file or table could not be loaded at all; everything else is in.
    """
    source = build_dlt_source(request)
    pipeline = build_pipeline(request)
    try:
        drop_pending(pipeline)
        pipeline.run(source, loader_file_format="parquet")
    except BaseException as problem:
        take_run(request).close()
        refusal = refusal_in(problem)
        if refusal is not None:
            raise refusal from problem
        raise
    return finish_load(request)


def refusal_in(problem: BaseException | None) -> LoadError | None:
    """The refusal to load that dlt wrapped into its own errors; None where it was something else.

    It names what is to be done, and nothing was written.
    """
    while problem is not None:
        if isinstance(problem, LoadError):
            return problem
        problem = problem.__cause__ or problem.__context__
    return None


def last_complete_day(warehouse: Path, sources: Iterable[str]) -> date:
    """The last whole day (UTC) the loaded activity covers: the default as-of date.

    Product activity decides; without any, the latest other activity. Today is never complete.

    Raises:
        ValueError: No activity is loaded.
    """
    today = datetime.now(UTC).date()
    wanted = list(sources)
    with connect(warehouse, read_only=True) as connection:
        for rank in range(2):
            days = [
                day
                for source in wanted
                for table, column in _activity(source, rank)
                if (day := _latest(connection, source, table, column, today))
            ]
            if days:
                return max(days)
    names = ", ".join(wanted)
    raise ValueError(f"No dated activity is loaded from {names}; give the as-of date (AS_OF=…).")


def _activity(source: str, rank: int) -> list[tuple[str, str]]:
    levels = ACTIVITY.get(source, [])
    return levels[rank] if rank < len(levels) else []


def _latest(
    connection: duckdb.DuckDBPyConnection, source: str, table: str, column: str, today: date
) -> date | None:
    schema = f"raw_{source}"
    exists = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table]
    ).fetchone()
    if not exists:
        return None
    found = connection.execute(
        f"select cast(max({column}) filter (where {column} < {text(today)}::timestamp) as date)"
        f" from {quote(schema)}.{quote(table)}"
    ).fetchone()
    return found[0] if found else None
