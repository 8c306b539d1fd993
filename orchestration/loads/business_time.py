"""Business time: the days on which what was loaded happened, and how far they reach.

Which column dates a table is declared in ``orchestration/raw_tables``. Days that lie ahead when
they are loaded are plans: they are nobody's newest day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from orchestration.database import connect, quote, text
from orchestration.loads.run import LoadRun
from orchestration.loads.spec import TableSpec, source_spec

# Product activity is there every day: where there is any, it alone says how far the data reach.
PRODUCT = "product"


def note_business_days(connection: duckdb.DuckDBPyConnection, run: LoadRun) -> None:
    """Note on which days happened what came since days were noted last, table by table."""
    source, run_id = run.spec.name, run.request.run_id
    for table in run.spec.tables.values():
        if table.business_time is None or not table.is_of(run.request.domains):
            continue
        day = f"cast({table.business_time} as date)"
        of_table = f"source = {text(source)} and source_table = {text(table.name)}"
        connection.execute(
            "insert into raw_loads.business_days by name select distinct ? as run_id,"
            f" ? as load_id, ? as source, ? as source_table, {day} as business_day"
            f" from {quote(run.spec.dataset)}.{quote(table.name)}"
            f" where {day} <= ? and _dlt_load_id > (select coalesce(max(load_id), '')"
            f" from raw_loads.business_days where {of_table})",
            [run_id, run.load_id, source, table.name, run.now().date()],
        )


def newest_business_days(
    connection: duckdb.DuckDBPyConnection, sources: Iterable[str]
) -> dict[str, str]:
    """The newest day on which anything happened that is loaded, by source; without: not there."""
    if not _exists(connection, "raw_loads", "business_days"):
        return {}
    found = connection.execute(
        "select source, cast(max(business_day) as varchar) from raw_loads.business_days"
        " where list_contains(?, source) group by source order by source",
        [sorted(set(sources))],
    ).fetchall()
    return dict(found)


def last_complete_day(warehouse: Path, sources: Iterable[str]) -> date:
    """The last whole day (UTC) the loaded activity covers: the default as-of date.

    Product activity decides; without any, the latest other activity. Today is never complete.

    Raises:
        ValueError: No activity is loaded.
    """
    today = datetime.now(UTC).date()
    wanted = list(sources)
    dated = [
        table
        for source in wanted
        for table in source_spec(source).tables.values()
        if table.activity_time
    ]
    with connect(warehouse, read_only=True) as connection:
        for is_product in (True, False):
            days = [
                day
                for table in dated
                if (table.domain == PRODUCT) is is_product
                and (day := _latest(connection, table, today))
            ]
            if days:
                return max(days)
    names = ", ".join(wanted)
    raise ValueError(f"No dated activity is loaded from {names}; give the as-of date (AS_OF=…).")


def _latest(connection: duckdb.DuckDBPyConnection, table: TableSpec, today: date) -> date | None:
    schema, moment = f"raw_{table.source}", table.activity_time
    if not _exists(connection, schema, table.name):
        return None
    found = connection.execute(
        f"select cast(max({moment}) filter (where {moment} < {text(today)}::timestamp) as date)"
        f" from {quote(schema)}.{quote(table.name)}"
    ).fetchone()
    return found[0] if found else None


def _exists(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table]
    ).fetchone()
    return found is not None
