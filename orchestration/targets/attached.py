"""A database that DuckDB attaches as a target: another DuckDB file, MotherDuck, DuckLake.

All of it in one transaction: readers see the old tables or the new ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.database import BUSY, quote, text
from orchestration.described import DescribedTable
from orchestration.errors import advice_on
from orchestration.progress import current
from orchestration.publish import SCHEMA, STORAGE_VERSION
from orchestration.targets.source import (
    ALIAS,
    OURS,
    PUBLICATION_TABLE,
    TABLES_TABLE,
    Held,
    Outcome,
    Source,
    TargetBusyError,
    TargetError,
    TargetMachineError,
    is_there,
    publication_values,
    refuse_others,
)

TARGET = "target"
# What is installed is not asked for anew.
LOADING = ("load", "install", "load")


@dataclass(frozen=True)
class Attachable:
    """A database that can be attached.

    Attributes:
        address: What `attach` takes; it may hold a token.
        shown: The same without a secret.
        extension: DuckDB's extension that it needs; none for a file.
        name: The name that it has when it is attached, where that cannot be chosen.
    """

    address: str = field(repr=False)
    shown: str
    extension: str | None = None
    name: str = TARGET

    @property
    def file(self) -> Path | None:
        """The DuckDB file, if it is one."""
        return None if self.extension else Path(self.address)


def fill_attached(source: Source, target: Attachable, schema: str, *, again: bool) -> Outcome:
    """Copy a publication to a database that DuckDB attaches.

    Args:
        source: The publication.
        target: The database.
        schema: The schema to write; it is made when it is not there.
        again: Copy also what is there already.

    Raises:
        TargetError: It cannot be attached or written, or tables of others would be replaced.
    """
    connection = source.connection
    _attach(source, target)
    place = f"{quote(target.name)}.{quote(schema)}"
    where = f"schema {schema} of {target.shown}"
    try:
        connection.begin()
        there = _names(connection, target.name, schema)
        held = _held(connection, place, there)
        if not again and is_there(source, held, there):
            connection.rollback()
            return Outcome(where, was_there=True)
        refuse_others(source, held, there, set(source.tables), schema)
        connection.execute(f"create schema if not exists {place}")
        for name in sorted((held.tables if held else frozenset()) & there - set(source.tables)):
            connection.execute(f"drop table {place}.{quote(name)}")
        for number, table in enumerate(source.tables.values(), start=1):
            current().advance(number, len(source.tables), table.name)
            _copy(connection, place, table)
        _note(source, place)
        connection.commit()
    except duckdb.Error as problem:
        raise _explained(target, problem) from None
    return Outcome(where)


def _attach(source: Source, target: Attachable) -> None:
    connection = source.connection
    if target.extension:
        _load(connection, target)
    if target.file:
        published = (source.folder / source.publication.database).resolve()
        inside = source.folder.parent.resolve() in target.file.resolve().parents
        if inside or target.file.resolve() == published:
            raise TargetError(f"{target.shown} lies in the home: give a file elsewhere.")
        target.file.parent.mkdir(parents=True, exist_ok=True)
    options = f"storage_version '{STORAGE_VERSION}'" if target.file else ""
    alias = f" as {TARGET}" if target.name == TARGET else ""
    try:
        connection.execute(
            f"attach {text(target.address)}{alias}" + (f" ({options})" if options else "")
        )
    except duckdb.Error as problem:
        raise _explained(target, problem) from None


def _load(connection: duckdb.DuckDBPyConnection, target: Attachable) -> None:
    for command in LOADING:
        try:
            connection.execute(f"{command} {target.extension}")
        except duckdb.Error:
            continue
        if command == "load":
            return
    raise TargetMachineError(
        f"{target.shown} needs DuckDB's extension '{target.extension}', which cannot be loaded "
        "here: it is fetched once from extensions.duckdb.org. Allow that, install it by hand "
        f"(INSTALL {target.extension}), or publish to a DuckDB file, a folder or Postgres."
    )


def _names(connection: duckdb.DuckDBPyConnection, database: str, schema: str) -> set[str]:
    found = connection.execute(
        "select table_name from information_schema.tables"
        " where table_catalog = ? and table_schema = ?",
        [database, schema],
    ).fetchall()
    return {name for (name,) in found}


def _held(connection: duckdb.DuckDBPyConnection, place: str, there: set[str]) -> Held | None:
    if not there >= set(OURS):
        return None
    about = connection.execute(
        f"select run_id, company, database_sha256 from {place}.{PUBLICATION_TABLE}"
    ).fetchone()
    tables = connection.execute(f"select table_name from {place}.{TABLES_TABLE}").fetchall()
    return Held(*about, frozenset(name for (name,) in tables)) if about else None


def _copy(connection: duckdb.DuckDBPyConnection, place: str, table: DescribedTable) -> None:
    name = f"{place}.{quote(table.name)}"
    origin = f"{ALIAS}.{SCHEMA}.{quote(table.name)}"
    connection.execute(f"create or replace table {name} as from {origin}")
    connection.execute(f"comment on table {name} is {text(table.comment)}")
    for column in table.columns:
        connection.execute(
            f"comment on column {name}.{quote(column.name)} is {text(column.comment)}"
        )


def _note(source: Source, place: str) -> None:
    """Write which publication it is, and which tables are ours."""
    connection = source.connection
    for name, (said, columns) in OURS.items():
        listed = ", ".join(f"{column} {data_type}" for column, data_type in columns.items())
        connection.execute(f"create or replace table {place}.{name} ({listed})")
        connection.execute(f"comment on table {place}.{name} is {text(said)}")
    loaded_at = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute(
        f"insert into {place}.{PUBLICATION_TABLE} values {publication_values(source, loaded_at)}"
    )
    rows = source.publication.marts
    listed = ", ".join(f"({text(name)}, {rows[name].rows})" for name in source.tables)
    connection.execute(f"insert into {place}.{TABLES_TABLE} values {listed}")


def _explained(target: Attachable, problem: duckdb.Error) -> TargetError:
    """The error as it may be shown; DuckDB's own may hold the address with its token."""
    said = str(problem).strip().splitlines()[0].replace(target.address, target.shown)
    said = re.sub(r"(?i)(token\w*\s*=\s*)[^\s&'\"]+", r"\1…", said)
    kind = TargetError
    advice = "Check the address, and the rights there."
    if any(words in said.lower() for words in BUSY):
        kind, advice = TargetBusyError, "Close it there, then run again."
    elif trouble := advice_on(said):
        kind, advice = TargetMachineError, trouble
    return kind(f"{target.shown} was not filled: {said.rstrip('.')}. {advice}")
