"""The tables the loader keeps in the warehouse: raw tables, rejects, counts and messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.database import connect, quote, text
from orchestration.loads.spec import (
    GONE_COLUMN,
    LOADER_COLUMNS,
    ORIGIN_COLUMN,
    SourceSpec,
    TableSpec,
)
from orchestration.memory import bound_memory

TEXT = "VARCHAR"
# Texts of a column that was delivered before it was declared, and that are none of its type.
UNDECLARED_COLUMNS = {
    "raw_table": "VARCHAR",
    "load_id": "VARCHAR",
    "source_file": "VARCHAR",
    "source_line": "BIGINT",
    "column_name": "VARCHAR",
    "raw_text": "VARCHAR",
}
REJECT_COLUMNS = {
    "rejected_at": "TIMESTAMP",
    "run_id": "VARCHAR",
    "source_table": "VARCHAR",
    "source_file": "VARCHAR",
    "source_line": "BIGINT",
    "column_name": "VARCHAR",
    "reason": "VARCHAR",
    "raw_text": "VARCHAR",
    "row_key": "VARCHAR",
}

# One row per load and table of which something was delivered. Its as-of day is the day from which
# a row that is not in a whole delivery counts as gone.
DELIVERY_COLUMNS = {
    "run_id": "VARCHAR",
    "load_id": "VARCHAR",
    "delivered_at": "TIMESTAMP",
    "as_of_date": "DATE",
    "source_table": "VARCHAR",
    "delivery": "VARCHAR",
    "rows_there": "BIGINT",
    "rows_gone": "BIGINT",
    "rows_back": "BIGINT",
}

# What a raw schema holds beside the vendor's tables.
OWN_TABLES = frozenset({"rejects", "deliveries"})

# What raw_loads holds. delivered_files and delivered_columns are the loader's own memory: which
# append-only files are in already, and which columns each table had last time.
LOAD_TABLES = {
    "settings": {"name": "VARCHAR", "value": "VARCHAR"},
    "file_counts": {
        "run_id": "VARCHAR",
        "loaded_at": "TIMESTAMP",
        "source": "VARCHAR",
        "source_table": "VARCHAR",
        "source_file": "VARCHAR",
        "rows_read": "BIGINT",
        "rows_loaded": "BIGINT",
        "rows_unchanged": "BIGINT",
        "rows_rejected": "BIGINT",
        "rows_unmapped": "BIGINT",
    },
    # Every table that a load could have brought, whether it did or not: what is missing is told by
    # it. A load that failed is not among them, for nothing is built of it.
    "table_loads": {
        "run_id": "VARCHAR",
        "loaded_at": "TIMESTAMP",
        "source": "VARCHAR",
        "source_table": "VARCHAR",
        "delivery": "VARCHAR",
        "is_vital": "BOOLEAN",
        "rows_gone": "BIGINT",
        "is_stream": "BOOLEAN",
    },
    # The days on which happened what a load brought.
    "business_days": {
        "run_id": "VARCHAR",
        "load_id": "VARCHAR",
        "source": "VARCHAR",
        "source_table": "VARCHAR",
        "business_day": "DATE",
    },
    "messages": {
        "run_id": "VARCHAR",
        "severity": "VARCHAR",
        "source": "VARCHAR",
        "source_table": "VARCHAR",
        "source_file": "VARCHAR",
        "column_name": "VARCHAR",
        "message": "VARCHAR",
    },
    "delivered_files": {
        "source": "VARCHAR",
        "source_table": "VARCHAR",
        "source_file": "VARCHAR",
        "fingerprint": "VARCHAR",
        "rows_read": "BIGINT",
        "rows_rejected": "BIGINT",
        "rows_unmapped": "BIGINT",
        "run_id": "VARCHAR",
    },
    "delivered_columns": {
        "source": "VARCHAR",
        "source_table": "VARCHAR",
        "column_name": "VARCHAR",
        "run_id": "VARCHAR",
    },
}


def create(warehouse: Path) -> None:
    """Make an empty warehouse in DuckDB's newest storage format.

    Only this project opens the file, so no older client has to read it; tables are written in
    two thirds of the time. A file keeps the format it was made with.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach {text(warehouse)} as warehouse (storage_version 'latest')")


@contextmanager
def opened(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for writing and close it again, whatever happens."""
    if not warehouse.exists():
        create(warehouse)
    connection = connect(warehouse)
    try:
        connection.execute("set TimeZone = 'UTC'")
        bound_memory(connection)
        yield connection
    finally:
        connection.close()


def table_columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    """Columns of a table as it is in the warehouse, with their types; empty when absent."""
    return schema_columns(connection, schema).get(table, {})


def schema_columns(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, dict[str, str]]:
    """The same for every table of a schema, by name: one look at the catalog, not one a table."""
    rows = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where database_name = current_database() and schema_name = ?"
        " order by table_name, column_index",
        [schema],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def ensure_table(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, columns: dict[str, str]
) -> None:
    """Create the table, or add the columns it lacks."""
    _ensure(connection, schema, {table: columns})


def _ensure(
    connection: duckdb.DuckDBPyConnection, schema: str, tables: dict[str, dict[str, str]]
) -> None:
    there = schema_columns(connection, schema)
    for table, columns in tables.items():
        name = f"{quote(schema)}.{quote(table)}"
        existing = there.get(table)
        if not existing:
            body = ", ".join(f"{quote(column)} {kind}" for column, kind in columns.items())
            connection.execute(f"create table {name} ({body})")
            continue
        for column, kind in columns.items():
            if column not in existing:
                connection.execute(f"alter table {name} add column {quote(column)} {kind}")
            elif existing[column] == TEXT and kind.upper() != TEXT:
                _declare(connection, name, column, kind)


def _declare(connection: duckdb.DuckDBPyConnection, table: str, column: str, kind: str) -> None:
    """Give a column its type that was delivered before it was declared, and so was kept as text.

    Texts that are none of that type are kept in `raw_loads.undeclared_texts`.
    """
    named = quote(column)
    is_other = f"{named} is not null and try_cast({named} as {kind}) is null"
    found = connection.execute(f"select count(*) from {table} where {is_other}").fetchone()
    if found and found[0]:
        connection.execute("create schema if not exists raw_loads")
        columns = ", ".join(f"{name} {kind}" for name, kind in UNDECLARED_COLUMNS.items())
        connection.execute(f"create table if not exists raw_loads.undeclared_texts ({columns})")
        connection.execute(
            "insert into raw_loads.undeclared_texts"
            f" select ?, _dlt_load_id, _source_file, _source_line, ?, {named}"
            f" from {table} where {is_other}",
            [table.replace('"', ""), column],
        )
    connection.execute(
        f"alter table {table} alter column {named} set data type {kind}"
        f" using try_cast({named} as {kind})"
    )


def raw_columns(table: TableSpec) -> dict[str, str]:
    """Every declared column of a raw table and the loader's own, with their types."""
    declared = {column.name: column.sql_type for column in table.columns.values()}
    return declared | LOADER_COLUMNS | (GONE_COLUMN | ORIGIN_COLUMN if table.delivery else {})


def ensure_tables(connection: duckdb.DuckDBPyConnection, spec: SourceSpec) -> None:
    """Make every declared table of a source exist with every declared column."""
    connection.execute(f"create schema if not exists {quote(spec.dataset)}")
    declared = {table.name: raw_columns(table) for table in spec.tables.values()}
    kept = {"rejects": REJECT_COLUMNS, "deliveries": DELIVERY_COLUMNS}
    _ensure(connection, spec.dataset, declared | kept)
    _ensure_load_tables(connection)


def _ensure_load_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema if not exists raw_loads")
    _ensure(connection, "raw_loads", LOAD_TABLES)


def write_settings(warehouse: Path, settings: dict[str, str | None]) -> None:
    """Set run-wide values (as_of_date, run_id, company) in ``raw_loads.settings``."""
    with opened(warehouse) as connection:
        _ensure_load_tables(connection)
        connection.begin()
        for name, value in settings.items():
            connection.execute("delete from raw_loads.settings where name = ?", [name])
            connection.execute("insert into raw_loads.settings values (?, ?)", [name, value])
        if settings.get("as_of_date") and settings.get("run_id"):
            _date_deliveries(connection, settings)
        connection.commit()


def _date_deliveries(
    connection: duckdb.DuckDBPyConnection, settings: dict[str, str | None]
) -> None:
    """Give the run's deliveries its as-of day, where it was not asked for but found in the data."""
    schemas = connection.execute(
        "select schema_name from duckdb_tables() where table_name = 'deliveries'"
        " and database_name = current_database() and starts_with(schema_name, 'raw_')"
    ).fetchall()
    for (schema,) in schemas:
        connection.execute(
            f"update {quote(schema)}.deliveries set as_of_date = cast(? as date)"
            " where run_id = ? and as_of_date is null",
            [settings["as_of_date"], settings["run_id"]],
        )


def first_line(problem: Exception, path: Path) -> str:
    """What DuckDB or Arrow says of a file, without the rest and without our folders."""
    return str(problem).replace(str(path), path.name).strip().splitlines()[0].removesuffix(".")
