"""A database that DuckDB attaches as a target: another DuckDB file, MotherDuck, DuckLake.

All of it in one transaction: readers see the old tables or the new ones. A DuckDB file cannot be
read while it is written, so the transaction is in a copy that takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.database import BUSY, quote, text
from orchestration.described import DescribedTable
from orchestration.errors import advice_on
from orchestration.memory import bound_memory
from orchestration.progress import current
from orchestration.publish import SCHEMA, STORAGE_VERSION
from orchestration.targets.attachable import TARGET, Attachable
from orchestration.targets.replaced import logs_of, replacing
from orchestration.targets.source import (
    ALIAS,
    DEFAULT_SCHEMA,
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

# What is installed is not asked for anew.
LOADING = ("load", "install", "load")


@dataclass(frozen=True)
class _Found:
    """What is in a schema: its tables and views, and what it says that it holds of us."""

    schema: str
    there: set[str]
    held: Held | None


def fill_attached(
    source: Source, target: Attachable, schema: str | None, *, again: bool
) -> Outcome:
    """Copy a publication to a database that DuckDB attaches.

    Args:
        source: The publication.
        target: The database.
        schema: The schema to write; it is made when it is not there. None: that of an earlier copy,
            or the target's default.
        again: Copy also what is there already.

    Raises:
        TargetError: It cannot be attached or written, its schema would be named like the database,
            or tables of others would be replaced.
    """
    if schema is not None and schema.lower() in target.names:
        raise TargetError(
            f"The schema {schema} would be named like the database of {target.shown}, and "
            f"`{schema}.table` would be ambiguous to DuckDB. Nothing was written. Leave --schema "
            f"out (a new one is called {target.schema}), or give another."
        )
    if target.extension:
        with _explaining(target):
            _load(source.connection, target)
            alias = f" as {TARGET}" if target.name == TARGET else ""
            source.connection.execute(f"attach {text(target.address)}{alias}")
            return _fill(source, target, schema, again=again)
    with _explaining(target):
        return _fill_file(source, target, _file_of(source, target), schema, again=again)


def _fill_file(
    source: Source, target: Attachable, file: Path, schema: str | None, *, again: bool
) -> Outcome:
    """Change a copy of a file, and put it in its place.

    Args:
        source: The publication.
        target: The file as it was named.
        file: The file itself.
        schema: The schema to write, if one is wanted.
        again: Copy also what is there already.
    """
    is_new = not file.exists()
    if not is_new:
        # Before it is copied. DuckDB tells here who writes to it.
        with _opened(file, "(read_only)") as connection:
            found = _found(connection, target, schema)
        if not again and is_there(source, found.held, found.there):
            return Outcome(_where(target, found), was_there=True)
        refuse_others(source, found.held, found.there, set(source.tables), found.schema)
        if logs_of(file):
            # Of a writer that was killed: DuckDB writes it into the file, and needs it alone.
            with _opened(file) as connection:
                connection.execute(f"checkpoint {TARGET}")
    if logs := [*logs_of(file), *logs_of(Path(target.address))]:
        raise TargetError(
            f"{logs[0]} holds changes of somebody else that are not in the file yet. Open it for "
            "writing with the DuckDB that wrote them and close it, or move the log away."
        )
    with replacing(file) as copy:
        options = f" (storage_version '{STORAGE_VERSION}')" if is_new else ""
        connection = source.connection
        connection.execute(f"attach {text(copy)} as {TARGET}{options}")
        # It is closed before it is put in its place, or removed.
        try:
            outcome = _fill(source, target, schema, again=True)
            connection.execute(f"checkpoint {TARGET}")
            connection.execute(f"detach {TARGET}")
        except BaseException:
            for command in ("rollback", f"detach {TARGET}"):
                with suppress(duckdb.Error):
                    connection.execute(command)
            raise
        if logs := logs_of(copy):
            raise TargetMachineError(
                f"{target.shown} was not filled: DuckDB left {logs[0].name}. Run again."
            )
    return outcome


def _fill(source: Source, target: Attachable, schema: str | None, *, again: bool) -> Outcome:
    """Write the tables to the attached database in one transaction; arguments as above."""
    connection = source.connection
    connection.begin()
    found = _found(connection, target, schema)
    held, there = found.held, found.there
    if not again and is_there(source, held, there):
        connection.rollback()
        return Outcome(_where(target, found), was_there=True)
    refuse_others(source, held, there, set(source.tables), found.schema)
    if schema is None and found.schema != target.schema:
        _tell_of_earlier(target, found.schema)
    place = f"{quote(target.name)}.{quote(found.schema)}"
    connection.execute(f"create schema if not exists {place}")
    for name in sorted((held.tables if held else frozenset()) & there - set(source.tables)):
        connection.execute(f"drop table {place}.{quote(name)}")
    for number, table in enumerate(source.tables.values(), start=1):
        current().advance(number, len(source.tables), table.name)
        _copy(connection, place, table)
    _note(source, place)
    connection.commit()
    return Outcome(_where(target, found))


def _file_of(source: Source, target: Attachable) -> Path:
    """Return the file itself, where a link names it; its folder is there then.

    Raises:
        TargetError: It cannot be a target.
    """
    file = Path(target.address).resolve()
    published = (source.folder / source.publication.database).resolve()
    if source.folder.parent.resolve() in file.parents or file == published:
        raise TargetError(f"{target.shown} lies in the home: give a file elsewhere.")
    if file.exists() and not file.is_file():
        raise TargetError(f"{target.shown} is no file: give a file.")
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


@contextmanager
def _opened(file: Path, options: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a file by a connection of its own: when that is closed, its lock is surely gone."""
    with duckdb.connect() as connection:
        bound_memory(connection)
        connection.execute(f"attach {text(file)} as {TARGET} {options}")
        yield connection


def _found(connection: duckdb.DuckDBPyConnection, target: Attachable, wanted: str | None) -> _Found:
    """Return what is in the wanted schema, else in that of an earlier copy, else in the default."""
    # Copies were called so before files and databases of that name had another default.
    for schema in [wanted] if wanted is not None else [target.schema, DEFAULT_SCHEMA]:
        there = _names(connection, target.name, schema)
        held = _held(connection, f"{quote(target.name)}.{quote(schema)}", there)
        if held:
            return _Found(schema, there, held)
    schema = target.schema if wanted is None else wanted
    return _Found(schema, _names(connection, target.name, schema), None)


def _tell_of_earlier(target: Attachable, schema: str) -> None:
    why = " DuckDB finds that ambiguous, as the database has the same name."
    current().note(
        f"{target.shown} holds an earlier copy in schema {schema}: it goes there again."
        f"{why if schema.lower() in target.names else ''} `--schema {target.schema}` moves to that "
        f"of new copies; then drop schema {schema} by hand."
    )


def _where(target: Attachable, found: _Found) -> str:
    return f"schema {found.schema} of {target.shown}"


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


@contextmanager
def _explaining(target: Attachable) -> Iterator[None]:
    """Tell of errors of DuckDB and of the disk in words.

    Raises:
        TargetError: What was raised, as it may be shown.
    """
    try:
        yield
    except duckdb.Error as problem:
        raise _explained(target, problem) from None
    except OSError as problem:
        known = None if isinstance(problem, PermissionError) else advice_on(str(problem))
        advice = known or (
            "A new file takes the place of the old one: its folder must be writable, and the file "
            "no mount by itself."
        )
        raise TargetMachineError(f"{target.shown} was not filled: {problem}. {advice}") from None


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
