"""Postgres as a target: the published tables in one schema, replaced in one transaction.

Tables stay and their rows are replaced: what a DBA granted on them and what BI built on them stays
too, nobody who reads has to wait, and who began to read before goes on reading the old rows. Only
a table whose columns or keys are others is altered, which waits for its readers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import adbc_driver_manager
from adbc_driver_postgresql import dbapi

from orchestration.database import quote, text, wait_seconds
from orchestration.progress import current
from orchestration.targets.postgres_errors import explained
from orchestration.targets.postgres_tables import LONGEST_NAME, Table, tables_of
from orchestration.targets.source import (
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

BATCH = 65_536
STAGED = "csw_staged"
# libpq's own settings, where nobody has said otherwise.
DEFAULTS = {"PGCONNECT_TIMEOUT": "30", "PGAPPNAME": "csw publish"}
# Keys that are ours; others are of whoever made them.
OUR_KEY = re.compile(r"_(pk|uq|fk)_[0-9a-f]{8}$")


@dataclass(frozen=True)
class Server:
    """A connection, in a transaction from its first statement on."""

    connection: dbapi.Connection

    def do(self, statement: str) -> None:
        """Execute a statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()


@dataclass(frozen=True)
class There:
    """What is in the schema.

    Attributes:
        names: All tables, views and the like.
        columns: By table: type, whether null is refused, and comment of each column.
        comments: By table.
        keys: By table: the names of the keys that are ours.
    """

    names: set[str]
    columns: dict[str, dict[str, tuple[str, bool, str]]] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    keys: dict[str, set[str]] = field(default_factory=dict)


def fill_postgres(
    source: Source, address: str, schema: str, grants: Sequence[str], *, again: bool
) -> Outcome:
    """Copy a publication to a schema of a Postgres database.

    Args:
        source: The publication.
        address: A URL or keys and values, as libpq takes them.
        schema: The schema; it is made when it is not there.
        grants: The roles that are to read it.
        again: Copy also what is there already.

    Raises:
        TargetError: It cannot be reached or written, or tables of others would be replaced.
    """
    if len(schema.encode()) > LONGEST_NAME or not schema:
        raise TargetError(f"A schema of Postgres has a name of 1 to {LONGEST_NAME} bytes.")
    with _connected(address, schema) as (server, where):
        _refuse_roles(server, grants)
        _begin(server, schema, where)
        there = _there(server, schema)
        held = _held(server, schema, there.names)
        was_there = not again and is_there(source, held, there.names)
        if not was_there:
            made = tables_of(source, schema)
            wanted = {table.name: table for table in made.tables}
            refuse_others(source, held, there.names, set(wanted), schema)
            ours = held.tables & there.names if held else frozenset()
            _refuse_references(server, schema, ours)
            for note in made.notes:
                current().note(note)
            _fill(server, source, schema, _Change(there, wanted, ours))
        _grant(server, schema, grants)
        server.connection.commit()
        # A server that has undone everything answers a commit, too.
        if (held := _held(server, schema, set(OURS))) is None or not (
            is_there(source, held, set(held.tables))
        ):
            raise TargetMachineError(f"{where} was not filled: the server has undone all of it.")
    return Outcome(where, was_there=was_there)


@contextmanager
def _connected(address: str, schema: str) -> Iterator[tuple[Server, str]]:
    """Connect; what fails from here on is told without the password."""
    where = f"schema {schema} of the Postgres database"
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        with closing(dbapi.connect(address)) as connection:
            server = Server(connection)
            [(database,)] = server.ask("select current_database()::text")
            where = f"schema {schema} of the Postgres database {database}"
            yield server, where
    except adbc_driver_manager.Error as problem:
        raise explained(problem, address, where) from None


def _begin(server: Server, schema: str, where: str) -> None:
    """Make settings ours for this transaction, and be the only one that publishes here."""
    # Texts go over as UTF-8, whatever the database and PGCLIENTENCODING say.
    server.do("set local client_encoding to 'UTF8'")
    server.do("set local standard_conforming_strings to on")
    server.do("set local search_path to pg_catalog")
    server.do(f"set local lock_timeout to {int(wait_seconds() * 1000)}")
    lock = f"hashtextextended({text(f'csw publish {schema}')}, 0)"
    if server.ask(f"select pg_try_advisory_xact_lock({lock})") != [(True,)]:
        raise TargetBusyError(
            f"Another `csw publish` fills {where}. Wait for it to end, then run again."
        )
    if not server.ask(f"select 1 from pg_namespace where nspname = {text(schema)}"):
        server.do(f"create schema {quote(schema)}")


def _refuse_roles(server: Server, roles: Sequence[str]) -> None:
    """See that all roles are there, before anything is copied for them."""
    there = {name for (name,) in server.ask("select rolname::text from pg_catalog.pg_roles")}
    if unknown := [role for role in roles if role not in there and role.casefold() != "public"]:
        raise TargetError(
            f"Postgres has no role {', '.join(unknown)}: create it, or correct --grant. Nothing "
            "was copied."
        )


def _there(server: Server, schema: str) -> There:
    of_schema = f"relnamespace = (select oid from pg_namespace where nspname = {text(schema)})"
    names = server.ask(
        "select relname::text, coalesce(obj_description(oid, 'pg_class'), '') from pg_class"
        f" where {of_schema} and relkind in ('r', 'p', 'v', 'm', 'f')"
    )
    there = There({name for name, _ in names}, comments=dict(names))
    for table, column, *rest in server.ask(
        "select relname::text, attname::text, format_type(atttypid, atttypmod), attnotnull,"
        " coalesce(col_description(attrelid, attnum), '')"
        " from pg_attribute join pg_class on pg_class.oid = attrelid"
        f" where {of_schema} and relkind in ('r', 'p') and attnum > 0 and not attisdropped"
    ):
        there.columns.setdefault(table, {})[column] = tuple(rest)
    for table, name in server.ask(
        "select relname::text, conname::text from pg_constraint"
        " join pg_class on pg_class.oid = conrelid"
        f" where {of_schema} and contype in ('p', 'u', 'f')"
    ):
        if OUR_KEY.search(name):
            there.keys.setdefault(table, set()).add(name)
    return there


def _held(server: Server, schema: str, names: set[str]) -> Held | None:
    if not names >= set(OURS):
        return None
    place = quote(schema)
    about = server.ask(f"select run_id, company, database_sha256 from {place}.{PUBLICATION_TABLE}")
    tables = server.ask(f"select table_name from {place}.{TABLES_TABLE}")
    return Held(*about[0], frozenset(name for (name,) in tables)) if about else None


def _refuse_references(server: Server, schema: str, ours: frozenset[str]) -> None:
    """See that no table of somebody else would lose rows, or keep ours from being replaced."""
    found = server.ask(
        "select conrelid::regclass::text, conname::text, confrelid::regclass::text,"
        " target.relname::text, origin.relnamespace = target.relnamespace, origin.relname::text"
        " from pg_constraint join pg_class as target on target.oid = confrelid"
        " join pg_class as origin on origin.oid = conrelid"
        " join pg_namespace on pg_namespace.oid = target.relnamespace"
        f" where contype = 'f' and nspname = {text(schema)}"
    )
    others = [
        f"{origin} ({key})"
        for origin, key, _, target, is_here, name in found
        if target in ours and not (is_here and name in ours)
    ]
    if others:
        raise TargetError(
            f"Tables that are not ours refer to ours by foreign keys: {', '.join(others)}. Our rows"
            " are replaced, so drop these keys. Nothing was copied."
        )


@dataclass(frozen=True)
class _Change:
    """From what is there to what is wanted."""

    there: There
    wanted: dict[str, Table]
    ours: frozenset[str]

    @property
    def gone(self) -> list[str]:
        """Ours that are no longer published."""
        return sorted(self.ours - set(self.wanted))

    def is_new(self, table: Table) -> bool:
        """Whether it has to be made."""
        return table.name not in self.ours

    def keys_to_drop(self, kind: str) -> Iterator[tuple[str, str]]:
        """The keys of a kind that are no longer wanted, by table."""
        for name in sorted(self.ours):
            table = self.wanted.get(name)
            wanted = set(table.keys) if table else set()
            for key in sorted(self.there.keys.get(name, set()) - wanted):
                if f"_{kind}_" in key[-12:]:
                    yield name, key

    def keys_to_add(self, kind: str) -> Iterator[tuple[Table, str, str]]:
        """The keys of a kind that are not there yet."""
        for table in self.wanted.values():
            has = set() if self.is_new(table) else self.there.keys.get(table.name, set())
            for key, definition in table.keys.items():
                if key not in has and f"_{kind}_" in key[-12:]:
                    yield table, key, definition


def _fill(server: Server, source: Source, schema: str, change: _Change) -> None:
    place = quote(schema)
    # A foreign key stands on a primary or unique one.
    for kind in ("fk", "uq", "pk"):
        for table, key in change.keys_to_drop(kind):
            server.do(f"alter table {place}.{quote(table)} drop constraint {quote(key)}")
    for name in change.gone:
        server.do(f"drop table {place}.{quote(name)}")
    changed = [table for table in change.wanted.values() if _shape(server, place, table, change)]
    for number, table in enumerate(change.wanted.values(), start=1):
        current().advance(number, len(change.wanted), table.name)
        if not change.is_new(table):
            server.do(f"delete from {place}.{quote(table.name)}")
        _load(server, source, schema, table)
    current().advance(0, 0, "keys and comments")
    for kind in ("pk", "uq"):
        for table, key, definition in change.keys_to_add(kind):
            server.do(
                f"alter table {place}.{quote(table.name)} add constraint {quote(key)} {definition}"
            )
    # Now, while it can be told what failed; a table cannot be altered while a look is due.
    server.do("set constraints all immediate")
    for table, key, definition in change.keys_to_add("fk"):
        server.do(
            f"alter table {place}.{quote(table.name)} add constraint {quote(key)} {definition}"
        )
    for table in change.wanted.values():
        _comment(server, place, table, change.there)
    for table in changed:
        # Of what is known already, what is known of the rows of yesterday does.
        server.do(f"analyze {place}.{quote(table.name)}")
    _note(server, source, schema, change)


def _shape(server: Server, place: str, table: Table, change: _Change) -> bool:
    """Give a table its columns; whether it is another than it was."""
    name = f"{place}.{quote(table.name)}"
    wanted = {column.name: column.data_type for column in table.columns}
    if change.is_new(table):
        listed = ", ".join(f"{quote(column)} {kind}" for column, kind in wanted.items())
        server.do(f"create table {name} ({listed})")
        return True
    has = change.there.columns[table.name]
    commands = [
        f"drop column {quote(column)}"
        for column, (kind, *_) in has.items()
        if wanted.get(column) != kind
    ]
    commands += [
        f"add column {quote(column)} {kind}"
        for column, kind in wanted.items()
        if column not in has or has[column][0] != kind
    ]
    if table.primary is None or table.primary.name not in change.there.keys.get(table.name, ()):
        # A column stays so when the key that made it so is dropped.
        commands += [
            f"alter column {quote(column)} drop not null"
            for column, (kind, is_filled, _) in has.items()
            if is_filled and wanted.get(column) == kind
        ]
    if commands:
        server.do(f"alter table {name} {', '.join(commands)}")
    return bool(commands)


def _load(server: Server, source: Source, schema: str, table: Table) -> None:
    columns = ", ".join(f"{column.select} as {quote(column.name)}" for column in table.columns)
    rows = source.connection.sql(f"select {columns} from {table.origin}").to_arrow_reader(BATCH)
    if not table.is_staged:
        _copy(server, rows, table.name, schema)
        return
    kinds = ", ".join(
        f"{quote(column.name)} {'text' if column.by_text else column.data_type}"
        for column in table.columns
    )
    server.do(f"create temp table {STAGED} ({kinds}) on commit drop")
    _copy(server, rows, STAGED, None)
    names = ", ".join(quote(column.name) for column in table.columns)
    read = ", ".join(
        f"{quote(column.name)}::{column.data_type}" if column.by_text else quote(column.name)
        for column in table.columns
    )
    server.do(
        f"insert into {quote(schema)}.{quote(table.name)} ({names})"
        f" select {read} from pg_temp.{STAGED}"
    )
    server.do(f"drop table pg_temp.{STAGED}")


def _copy(server: Server, rows: Any, table: str, schema: str | None) -> None:  # noqa: ANN401
    with server.connection.cursor() as cursor:
        cursor.adbc_ingest(
            table, rows, mode="append", db_schema_name=schema, temporary=schema is None
        )


def _comment(server: Server, place: str, table: Table, there: There) -> None:
    name = f"{place}.{quote(table.name)}"
    if there.comments.get(table.name, "") != table.comment:
        server.do(f"comment on table {name} is {text(table.comment)}")
    has = there.columns.get(table.name, {})
    for column in table.columns:
        kind, _, comment = has.get(column.name, ("", False, ""))
        # A column that was made anew has lost what was said of it.
        if comment != column.comment or kind != column.data_type:
            server.do(f"comment on column {name}.{quote(column.name)} is {text(column.comment)}")


def _note(server: Server, source: Source, schema: str, change: _Change) -> None:
    """Write which publication it is, and which tables are ours."""
    place = quote(schema)
    for name, (said, columns) in OURS.items():
        if name in change.there.names:
            server.do(f"delete from {place}.{name}")
            continue
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        server.do(f"create table {place}.{name} ({listed})")
        server.do(f"comment on table {place}.{name} is {text(said)}")
    [(now,)] = server.ask("select now()::text")
    server.do(f"insert into {place}.{PUBLICATION_TABLE} values {publication_values(source, now)}")
    rows = {table: source.publication.marts[table].rows for table in source.tables}
    listed = ", ".join(
        f"({text(table.name)}, {count})"
        for table, count in zip(change.wanted.values(), rows.values(), strict=True)
    )
    server.do(f"insert into {place}.{TABLES_TABLE} values {listed}")


def _grant(server: Server, schema: str, roles: Sequence[str]) -> None:
    if not roles:
        return
    place = quote(schema)
    ours = server.ask(f"select table_name from {place}.{TABLES_TABLE}")
    names = [*(name for (name,) in ours), *OURS]
    for role in roles:
        # `public` is no role's name but everybody.
        reader = role if role.casefold() == "public" else quote(role)
        server.do(f"grant usage on schema {place} to {reader}")
        server.do(
            f"grant select on {', '.join(f'{place}.{quote(name)}' for name in names)} to {reader}"
        )
