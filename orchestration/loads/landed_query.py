"""The query that turns landed relations into the rows of a raw table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import duckdb
import sqlglot
from sqlglot import exp

from orchestration.loads.adapters import AdaptedTable, Adapter, LandedColumn, Relation
from orchestration.loads.casts import as_text
from orchestration.loads.landed import Landed
from orchestration.loads.landed_database import LandedSchema
from orchestration.loads.mapping import suggestion
from orchestration.loads.model import FileError
from orchestration.loads.spec import TableSpec
from orchestration.loads.warehouse import quote, text

_TYPES = {"text": "VARCHAR", "json": "JSON", "decimal": "DECIMAL(38, 12)"}
_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$")

MACROS = (
    # Unix seconds of a time.
    "create or replace macro unix(moment) as cast(floor(epoch(moment)) as bigint)",
    # A JSON object without the keys that have no value.
    "create or replace macro said(object) as json_merge_patch('{}', object)",
)


@dataclass(frozen=True)
class LandedRelation:
    """A relation as it is in the database.

    Attributes:
        relation: What the adapter says of it.
        name: Its name there; None where it is absent.
        types: Physical type by column name as written.
    """

    relation: Relation
    name: str | None
    types: dict[str, str]

    def there(self, column: str) -> str | None:
        """A column by any way to write its name; None where it is absent."""
        wanted = column.lower()
        return next((name for name in self.types if name.lower() == wanted), None)

    def sources(self, column: LandedColumn) -> list[str]:
        """The columns of the database that a column is taken from."""
        found = [self.there(name) for name in (column.name, *column.also)]
        return [name for name in found if name is not None]

    def gathered(self, column: LandedColumn) -> list[str]:
        """The columns that an object was spread over."""
        if column.gathered is None:
            return []
        start = column.gathered.lower()
        return [name for name in self.types if name.lower().startswith(start)]

    def has(self, name: str) -> bool:
        """Whether a column of the adapter, or one the adapter does not know, is there."""
        column = self.relation.columns.get(name)
        if column is None:
            return self.there(name) is not None
        return bool(self.sources(column) or self.gathered(column))


class LandedQuery:
    """Builds the query of one raw table."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        adapter: Adapter,
        landed: Landed,
        schema: LandedSchema,
    ) -> None:
        """Remember where to look; nothing is read yet."""
        self._connection = connection
        self._adapter = adapter
        self._landed = landed
        self._schema = schema
        self._found: dict[str, LandedRelation] = {}

    def find(self, name: str) -> LandedRelation:
        """A relation of the adapter as it is in the database."""
        if name not in self._found:
            relation = self._adapter.relations[name]
            said = self._landed.renamed(name)
            names = [said] if said else relation.names
            there = self._schema.relations
            real = next((there[each.lower()] for each in names if each.lower() in there), None)
            types: dict[str, str] = {}
            if real is not None:
                described = self._connection.execute(
                    f"describe {self._schema.place}.{quote(real)}"
                ).fetchall()
                types = {row[0]: row[1] for row in described}
            self._found[name] = LandedRelation(relation, real, types)
        return self._found[name]

    def missing(self, table: AdaptedTable) -> list[str]:
        """Relations without which the loader did not deliver a raw table."""
        return [name for name in table.needs if self.find(name).name is None]

    def sql(self, table: AdaptedTable, spec: TableSpec) -> str:
        """The query: ``_line`` and the raw columns that were landed.

        Raises:
            FileError: Something it cannot do without is absent.
        """
        relations, objects = self._adapter.reads(f"select 1 from {table.source}")
        steps = {name: self._normalised(self.find(name)) for name in relations}
        steps |= {name: self._adapter.objects[name] for name in objects}
        columns = self._columns(table, spec)
        key = [name for name in spec.key if name in columns]
        order = ", ".join(quote(name) for name in key) or "1"
        items = ", ".join(f"{sql} as {quote(name)}" for name, sql in columns.items())
        where = f" where {table.where}" if table.where else ""
        written = ", ".join(f"{quote(name)} as ({sql})" for name, sql in steps.items())
        return (
            f"with {written} select row_number() over (order by {order}) as _line, *"
            f" from (select {items} from {table.source}{where})"
        )

    # ---- relations ------------------------------------------------------------------------------

    def _normalised(self, found: LandedRelation) -> str:
        """A relation with every column the adapter knows, in the adapter's types, newest rows."""
        relation = found.relation
        if found.name is None:
            if relation.required:
                raise FileError(absent_relation(self, self._adapter, self._landed, relation.name))
            nulls = ", ".join(
                f"cast(null as {_sql_type(column)}) as {quote(column.name)}"
                for column in relation.columns.values()
            )
            return f"select {nulls} where false"
        items = [
            f"{self._value(found, column)} as {quote(column.name)}"
            for column in relation.columns.values()
        ]
        known = {column.lower() for column in relation.columns}
        items += [quote(name) for name in found.types if name.lower() not in known]
        sql = f"select {', '.join(items)} from {self._schema.place}.{quote(found.name)} as l"
        if relation.key and relation.newest:
            key = ", ".join(quote(name) for name in relation.key)
            order = ", ".join(f"{quote(name)} desc nulls last" for name in relation.newest)
            sql = (
                f"select * from ({sql}) qualify row_number() over (partition by {key}"
                f" order by {order}) = 1"
            )
        return sql

    def _value(self, found: LandedRelation, column: LandedColumn) -> str:
        values = [
            _as_type(f"l.{quote(name)}", found.types[name], column)
            for name in found.sources(column)
        ]
        if not values and (spread := found.gathered(column)):
            start = len(column.gathered or "")
            pairs = ", ".join(f"{text(name[start:])}, l.{quote(name)}" for name in spread)
            return f"json_merge_patch('{{}}', json_object({pairs}))"
        if not values:
            if column.required:
                raise self._absent_column(found, column)
            return f"cast(null as {_sql_type(column)})"
        return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"

    # ---- raw columns ----------------------------------------------------------------------------

    def _columns(self, table: AdaptedTable, spec: TableSpec) -> dict[str, str]:
        """SQL by raw column, without those of which nothing was landed."""
        main = table.main
        found = self.find(main) if main in self._adapter.relations else None
        said = self._landed.columns_of(table.name)
        for name in said:
            if name not in spec.columns:
                raise FileError(
                    f"there is no raw column '{name}' in {spec.source}.{table.name}"
                    f"{suggestion(name, spec.columns)}",
                    column=name,
                )
        columns: dict[str, str] = {}
        for name in spec.columns:
            if name in said:
                columns[name] = self._said(said[name], main, found)
            elif name in table.columns:
                if found is None or _is_landed(table.columns[name], main, found):
                    columns[name] = table.columns[name]
            elif found and name in found.relation.columns and found.has(name):
                columns[name] = f"{quote(main)}.{quote(name)}"
        return columns

    def _said(self, sql: str, main: str, found: LandedRelation | None) -> str:
        """A column or expression that the company says a raw column is."""
        if not re.fullmatch(r"\w+", sql):
            return f"({sql})"
        if found is None or found.has(sql):
            return f"{quote(main)}.{quote(sql)}"
        place = f"{self._landed.schema}.{found.name or main}"
        raise FileError(
            f"company.yml reads the column '{sql}', which {place} does not have"
            f"{suggestion(sql, found.types)}",
            column=sql,
        )

    # ---- what is absent -------------------------------------------------------------------------

    def _absent_column(self, found: LandedRelation, column: LandedColumn) -> FileError:
        columns = found.relation.columns
        readers = self._adapter.readers(found.relation.name)
        names = ", ".join(f"{self._adapter.vendor}.{name}" for name in readers)
        also = f" (nor {', '.join(column.also)})" if column.also else ""
        known = {each.lower() for one in columns.values() for each in (one.name, *one.also)}
        new = [name for name in found.types if name.lower() not in known]
        loader, place = self._landed.loader, f"{self._landed.schema}.{found.name}"
        return FileError(
            f"{place} has no column '{column.name}'{also}; {names} cannot do without it"
            f"{_renamed(column.name, new)}. Select the column in {loader}; if a new"
            f" version of {loader} renamed it, say its name in"
            f" orchestration/adapters/{loader}/{self._adapter.vendor}.yml (also: […])",
            column=column.name,
        )

    def relation_names(self) -> list[str]:
        """Names of what is in the schema."""
        return sorted(self._schema.relations.values())


def absent_relation(query: LandedQuery, adapter: Adapter, landed: Landed, name: str) -> str:
    """What to say of a relation that is absent and needed."""
    said = landed.renamed(name) or name
    readers = adapter.readers(name)
    gives = [adapter.tables[each].gives for each in readers if adapter.tables[each].gives]
    names = ", ".join(f"{adapter.vendor}.{each}" for each in readers)
    because = f" ({'; '.join(gives)})" if gives else ""
    return (
        f"{landed.schema}.{said} is not there; {names} cannot do without it{because}"
        f"{suggestion(said, query.relation_names())}. Select the table in {landed.loader}, or say"
        f" what it is called: tables: {{{name}: …}}"
    )


def _renamed(name: str, new: list[str]) -> str:
    """A new column that may be one that is absent: with its name in it, else one like it."""
    inside = [each for each in new if name.lower() in each.lower()]
    return f"; did you mean '{inside[0]}'?" if inside else suggestion(name, new)


def _is_landed(sql: str, main: str, found: LandedRelation) -> bool:
    """Whether anything of what an expression reads of the main relation is there."""
    own = [
        name
        for owner, name in _columns_in(sql)
        if owner in ("", main) and name in found.relation.columns
    ]
    others = any(owner not in ("", main) for owner, _ in _columns_in(sql))
    return others or not own or any(found.has(name) for name in own)


@cache
def _columns_in(sql: str) -> list[tuple[str, str]]:
    """Owner and name of the columns an expression reads."""
    tree = sqlglot.parse_one(f"select {sql}", read="duckdb")
    return [(column.table, column.name) for column in tree.find_all(exp.Column)]


def _sql_type(column: LandedColumn) -> str:
    return _TYPES.get(column.type, column.type.upper())


def _as_type(value: str, physical: str, column: LandedColumn) -> str:
    """A landed value in the adapter's type; one that does not fit is an error, never a null."""
    wanted = _sql_type(column)
    if physical == wanted:
        return value
    if column.type in ("text", "json"):
        written = as_text(value, physical)
        return written if column.type == "text" else f"cast({written} as json)"
    content = f"nullif(trim({value}), '')" if physical == "VARCHAR" else value
    if column.type == "timestamp":
        return _as_timestamp(value, content, physical)
    if column.type == "bigint" and not _WHOLE.match(physical) and physical != "BOOLEAN":
        number = f"cast({content} as decimal(38, 6))"
        return (
            f"case when {number} = trunc({number}) then cast({number} as bigint)"
            f" when {value} is not null"
            f" then error({text(column.name + ' holds a number that is not whole')}) end"
        )
    return f"cast({content} as {wanted})"


def _as_timestamp(value: str, content: str, physical: str) -> str:
    """A time in UTC, of whatever the loader makes of one; a whole number is Unix seconds."""
    if _WHOLE.match(physical):
        return f"make_timestamp(cast({value} as bigint) * 1000000)"
    if physical == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {value})"
    if physical == "VARCHAR":
        return f"timezone('UTC', cast({content} as timestamptz))"
    return f"cast({value} as timestamp)"
