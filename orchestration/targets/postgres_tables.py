"""How a published table is in Postgres: names, types, values, keys, and what cannot be held there.

Postgres shortens a name of more than 63 bytes by itself and says nothing, takes no NUL in a text,
and knows no infinite time in Arrow. Each is looked for first, and told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from orchestration.database import quote
from orchestration.described import DescribedColumn, DescribedTable
from orchestration.publish import SCHEMA
from orchestration.targets.source import ALIAS, Source

LONGEST_NAME = 63
# Postgres looks at each row by itself when rows are replaced, for each foreign key: some 5 to 10
# seconds a million. Of larger tables `data_dictionary.reference` tells what they refer to.
MOST_ROWS_WITH_FOREIGN_KEYS = 1_000_000
# By DuckDB's types, as Postgres itself writes its own. Arrow and Postgres have these in the same
# bytes, so they are handed over as they are.
DIRECT = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "SMALLINT": "smallint",
    "USMALLINT": "integer",
    "INTEGER": "integer",
    "UINTEGER": "bigint",
    "BIGINT": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "BLOB": "bytea",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}
# Narrower in Postgres than in Arrow: a cast in DuckDB gives Arrow's type the same width.
WIDENED = {"UTINYINT": "SMALLINT", "TINYINT": "SMALLINT", "USMALLINT": "INTEGER"} | {
    "UINTEGER": "BIGINT"
}
# Handed over as text, which Postgres reads as its own type.
BY_TEXT = {
    "HUGEINT": "numeric(39,0)",
    "UHUGEINT": "numeric(39,0)",
    "UBIGINT": "numeric(20,0)",
    "UUID": "uuid",
    "TIME": "time without time zone",
    "INTERVAL": "interval",
    "JSON": "json",
}
TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
NESTED = re.compile(r"\]$|^(STRUCT|MAP|UNION)\b")
DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
NUL, IN_ITS_PLACE = "chr(0)", "chr(65533)"


@dataclass(frozen=True)
class Column:
    """A column in Postgres.

    Attributes:
        name: Its name there.
        data_type: Its type, as Postgres writes it.
        select: The SQL by which DuckDB gives its values.
        by_text: They are texts, which Postgres is to read as that type.
        comment: What is said of it.
    """

    name: str
    data_type: str
    select: str
    by_text: bool
    comment: str


@dataclass(frozen=True)
class Key:
    """A primary, unique or foreign key; its name tells one definition from another."""

    name: str
    definition: str


@dataclass(frozen=True)
class Table:
    """A table in Postgres.

    Attributes:
        name: Its name there.
        origin: The published table, in DuckDB's SQL.
        columns: Its columns.
        comment: What is said of it.
        primary: Its key, if its rows keep it.
        unique: What else tells its rows apart and is referred to.
        foreign: What it refers to, where all its rows do.
    """

    name: str
    origin: str
    columns: tuple[Column, ...]
    comment: str
    primary: Key | None = None
    unique: tuple[Key, ...] = ()
    foreign: tuple[Key, ...] = ()

    @property
    def keys(self) -> dict[str, str]:
        """The definition of each key by its name, the primary one first."""
        each = (*([self.primary] if self.primary else []), *self.unique, *self.foreign)
        return {key.name: key.definition for key in each}

    @property
    def is_staged(self) -> bool:
        """Whether a column has to be read from text."""
        return any(column.by_text for column in self.columns)


@dataclass(frozen=True)
class Tables:
    """All tables, and what is to be said of them."""

    tables: tuple[Table, ...]
    notes: tuple[str, ...]


def short(name: str, taken: str = "") -> str:
    """Return a name that Postgres leaves as it is.

    Args:
        name: The name.
        taken: What is to come after it.
    """
    room = LONGEST_NAME - len(taken)
    if len(name.encode()) <= room:
        return name + taken
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name.encode()[: room - 9].decode(errors='ignore')}_{digest}{taken}"


def tables_of(source: Source, schema: str) -> Tables:
    """Return how the published tables are in a schema of Postgres."""
    notes: list[str] = []
    made = {name: _table(source, table, notes) for name, table in source.tables.items()}
    keyed = {name: source.tables[name].key for name, table in made.items() if table.primary}
    links: dict[str, list[_Link]] = {}
    for name, table in source.tables.items():
        links[name] = list(_links(source, table, keyed, notes))
    referred = {(link.other, link.fields) for each in links.values() for link in each}
    unique = sorted(
        (other, fields) for other, fields in referred if set(fields) != set(keyed.get(other, ()))
    )
    for name, table in made.items():
        made[name] = replace(
            table,
            unique=tuple(
                _key(table.name, "uq", f"unique ({_listed(fields)})")
                for other, fields in unique
                if other == name
            ),
            foreign=tuple(_key(table.name, "fk", link.sql(schema)) for link in links[name]),
        )
    return Tables(tuple(made.values()), tuple(notes))


@dataclass(frozen=True)
class _Link:
    """What columns of a table refer to, where all its rows do.

    Attributes:
        columns: The columns.
        other: The table that they refer to.
        fields: The columns there, which tell its rows apart.
    """

    columns: tuple[str, ...]
    other: str
    fields: tuple[str, ...]

    def sql(self, schema: str) -> str:
        """The foreign key; it is looked at when all tables are filled, each by itself."""
        return (
            f"foreign key ({_listed(self.columns)})"
            f" references {quote(schema)}.{quote(short(self.other))} ({_listed(self.fields)})"
            " deferrable initially deferred"
        )


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(quote(short(column)) for column in columns)


def _table(source: Source, table: DescribedTable, notes: list[str]) -> Table:
    origin = f"{ALIAS}.{SCHEMA}.{quote(table.name)}"
    counts = _counts(source.connection, origin, table.columns)
    columns = []
    for column in table.columns:
        nul, infinite = counts[column.name]
        made = _column(column, has_nul=nul > 0, is_infinite=infinite > 0)
        columns.append(made)
        if nul:
            notes.append(
                f"{table.name}.{column.name}: {nul} texts hold a NUL character, which Postgres "
                "cannot; U+FFFD is in its place."
            )
        if made.name != column.name:
            notes.append(f"{table.name}.{column.name} is called {made.name} in Postgres.")
    name = short(table.name)
    if name != table.name:
        notes.append(f"{table.name} is called {name} in Postgres.")
    return Table(
        name,
        origin,
        tuple(columns),
        table.comment,
        _primary(source.connection, origin, table, name, notes),
    )


def _counts(
    connection: duckdb.DuckDBPyConnection, origin: str, columns: Sequence[DescribedColumn]
) -> dict[str, tuple[int, int]]:
    """Return how many texts of each column hold a NUL, and how many of its times have no end."""
    asked = []
    for column in columns:
        name = quote(column.name)
        nul = f"contains({name}, {NUL})" if column.data_type == "VARCHAR" else "false"
        infinite = f"isinf({name})" if column.data_type in TIMES else "false"
        asked += [f"count(*) filter ({nul})", f"count(*) filter ({infinite})"]
    found = connection.execute(f"select {', '.join(asked)} from {origin}").fetchone()
    pairs = zip(found[::2], found[1::2], strict=True)
    return {column.name: pair for column, pair in zip(columns, pairs, strict=True)}


def _column(column: DescribedColumn, *, has_nul: bool, is_infinite: bool) -> Column:
    select, kind, by_text = quote(column.name), column.data_type, False
    if match := DECIMAL.fullmatch(kind):
        data_type = f"numeric({match[1]},{match[2]})"
    elif kind in DIRECT:
        data_type = DIRECT[kind]
        if kind in WIDENED:
            select = f"cast({select} as {WIDENED[kind]})"
        elif has_nul:
            select = f"replace({select}, {NUL}, {IN_ITS_PLACE})"
        elif is_infinite:
            select, by_text = f"cast({select} as varchar)", True
    elif NESTED.search(kind):
        select, data_type, by_text = f"cast(to_json({select}) as varchar)", "json", True
    elif kind in BY_TEXT:
        select, data_type, by_text = f"cast({select} as varchar)", BY_TEXT[kind], True
    else:
        # Such as an enum, or a time of nanoseconds, of which Postgres would cut off digits.
        select, data_type = f"cast({select} as varchar)", "text"
    return Column(short(column.name), data_type, select, by_text, column.comment)


def _primary(
    connection: duckdb.DuckDBPyConnection,
    origin: str,
    table: DescribedTable,
    name: str,
    notes: list[str],
) -> Key | None:
    if not table.key:
        return None
    columns = [quote(column) for column in table.key]
    empty = " or ".join(f"{column} is null" for column in columns)
    rows, without, distinct = connection.execute(
        f"select count(*), count(*) filter ({empty}), (select count(*) from (select distinct"
        f" {', '.join(columns)} from {origin})) from {origin}"
    ).fetchone()
    if without or distinct < rows:
        why = f"{without} rows lack a part of it" if without else f"{rows - distinct} rows repeat"
        notes.append(f"{table.name} has no primary key ({', '.join(table.key)}): {why}.")
        return None
    definition = f"primary key ({', '.join(quote(short(column)) for column in table.key)})"
    return _key(name, "pk", definition)


def _links(
    source: Source,
    table: DescribedTable,
    keyed: Mapping[str, tuple[str, ...]],
    notes: list[str],
) -> Iterator[_Link]:
    """Yield what a table refers to by columns that tell the other's rows apart.

    Args:
        source: The publication.
        table: The table.
        keyed: The columns of each primary key, by table.
        notes: What cannot be a foreign key is added to them.
    """
    rows = source.publication.marts[table.name].rows
    if rows > MOST_ROWS_WITH_FOREIGN_KEYS:
        if any(column.reference for column in table.columns):
            notes.append(
                f"{table.name} has no foreign keys: Postgres would look at each of its {rows:,} "
                "rows at each copy. What they refer to is in data_dictionary.reference."
            )
        return
    for column in table.columns:
        told = column.reference
        if told is None or told.table not in source.tables:
            continue
        said = f"{table.name}.{column.name} is no foreign key to {told.table}.{told.column}"
        pairs = {name: name for name in told.also} | {column.name: told.column}
        lost = _lost(source, table.name, column.name, told.table, pairs)
        # Most BI tools know relations of one column only.
        for columns in ((column.name,), tuple(pairs)):
            fields = tuple(pairs[name] for name in columns)
            if not _tells_apart(source, told.table, fields, keyed):
                continue
            if lost:
                notes.append(f"{said}: {lost} rows refer to none.")
            else:
                yield _Link(columns, told.table, fields)
            break
        else:
            notes.append(f"{said}, which does not tell its rows apart.")


def _lost(source: Source, table: str, column: str, other: str, pairs: Mapping[str, str]) -> int:
    """Return how many rows of a table have a value in a column and refer to none of another's."""
    same = " and ".join(f"a.{quote(column)} = b.{quote(key)}" for column, key in pairs.items())
    place = f"{ALIAS}.{SCHEMA}"
    (lost,) = source.connection.execute(
        f"select count(*) from {place}.{quote(table)} as a where a.{quote(column)} is not null"
        f" and not exists (select 1 from {place}.{quote(other)} as b where {same})"
    ).fetchone() or (0,)
    return lost


def _tells_apart(
    source: Source, table: str, columns: tuple[str, ...], keyed: Mapping[str, tuple[str, ...]]
) -> bool:
    """Whether columns are filled and different in each row of a table."""
    if set(keyed.get(table, ())) == set(columns):
        return True
    listed = ", ".join(quote(column) for column in columns)
    empty = " or ".join(f"{quote(column)} is null" for column in columns)
    place = f"{ALIAS}.{SCHEMA}.{quote(table)}"
    rows, without, distinct = source.connection.execute(
        f"select count(*), count(*) filter ({empty}),"
        f" (select count(*) from (select distinct {listed} from {place})) from {place}"
    ).fetchone() or (0, 0, 0)
    return not without and rows == distinct


def _key(table: str, kind: str, definition: str) -> Key:
    digest = hashlib.sha256(definition.encode()).hexdigest()[:8]
    return Key(short(table, f"_{kind}_{digest}"), definition)
