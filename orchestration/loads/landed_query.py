"""The query that turns landed relations into the rows of a raw table."""

from __future__ import annotations

import re
from functools import cache

import duckdb
import sqlglot
from sqlglot import exp

from orchestration.database import quote, text
from orchestration.loads.adapters import AdaptedTable, Adapter, LandedColumn, Limit
from orchestration.loads.landed import Landed
from orchestration.loads.landed_database import LandedSchema
from orchestration.loads.landed_nesting import Nesting
from orchestration.loads.landed_relation import LandedRelation, as_type, sql_type
from orchestration.loads.model import FileError
from orchestration.loads.spec import ColumnSpec, TableSpec
from orchestration.settings_file import suggestion


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
        self._nesting = Nesting(schema.place, schema.tables)
        self._found: dict[str, LandedRelation] = {}

    def find(self, name: str) -> LandedRelation:
        """A relation of the adapter as it is in the database."""
        if name not in self._found:
            relation = self._adapter.relations[name]
            said = [self._landed.renamed(each) for each in relation.names]
            names = [each for each in said if each] or relation.names
            tables = self._schema.tables
            real = next((tables[each.lower()] for each in names if each.lower() in tables), None)
            self._found[name] = LandedRelation(
                relation,
                real.name if real else None,
                real.types if real else {},
                self._nesting if relation.nested else None,
            )
        return self._found[name]

    def missing(self, table: AdaptedTable) -> list[str]:
        """Relations without which the loader did not deliver a raw table."""
        absent = [name for name in table.needs if self.find(name).name is None]
        if not any(self.find(name).name for name in table.needs_one_of):
            absent += table.needs_one_of
        return absent

    def place_of(self, table: AdaptedTable) -> str:
        """The relation that counts, rejects and messages name."""
        main = [table.main] if table.main in self._adapter.relations else []
        found = [self.find(name).name for name in (*main, *table.needs, *table.needs_one_of)]
        return next(name for name in found if name)

    def sql(self, table: AdaptedTable, spec: TableSpec) -> str:
        """The query: ``_line`` and the raw columns that were landed.

        Raises:
            FileError: Something it cannot do without is absent.
        """
        relations, objects = self._adapter.reads(f"select 1 from {table.source}")
        excused, asked = self._excused(table), self._asked(table)
        steps = {}
        for name in relations:
            is_main = name == table.main
            wanted = {each for each in asked if is_main or self._adapter.relations[name].has(each)}
            steps[name] = self._normalised(self.find(name), excused if is_main else set(), wanted)
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

    def _excused(self, table: AdaptedTable) -> set[str]:
        """Columns that may be absent because the company says what stands for them."""
        excused: set[str] = set()
        for name in self._landed.columns_of(table.name):
            excused |= {name, *(used for _, used in _columns_in(table.columns.get(name, "null")))}
        return excused

    def _asked(self, table: AdaptedTable) -> set[str]:
        """Columns that the company reads."""
        said = self._landed.columns_of(table.name).values()
        return {name for sql in said for _, name in _columns_in(sql)}

    def _normalised(self, found: LandedRelation, excused: set[str], asked: set[str]) -> str:
        """A relation with every column the adapter knows, in the adapter's types, newest rows.

        Of one that holds objects as JSON, what the company asked for are columns, too.
        """
        relation = found.relation
        if found.name is None:
            if relation.required:
                raise FileError(absent_relation(self, self._adapter, self._landed, relation.name))
            nulls = [
                f"cast(null as {sql_type(column)}) as {quote(column.name)}"
                for column in relation.columns.values()
            ]
            if relation.nested:
                nulls.append("cast(null as json) as _whole")
            return f"select {', '.join(nulls)} where false"
        items = [
            f"{self._value(found, column, excused)} as {quote(column.name)}"
            for column in relation.columns.values()
        ]
        known = {column.lower() for column in relation.columns}
        items += [f"l.{quote(name)}" for name in found.types if name.lower() not in known]
        place = f"{self._schema.place}.{quote(found.name)} as l"
        if found.raw:
            items.append("l._whole")
            items += [
                f"nullif(l._whole ->> {text(relation.path(name))}, '') as {quote(name)}"
                for name in sorted(asked)
                if name.lower() not in known
            ]
            place = f"(select *, lowered({found.raw}) as _whole from {place}) as l"
        elif found.nesting:
            nested, joins = found.nesting.object(found.name, "l")
            items.append(f"{nested} as _whole")
            place += f" {joins}"
        # What a load of dlt that is under way or broke has brought so far is not whole.
        if "_dlt_loads" in self._schema.tables and found.there("_dlt_load_id"):
            place += (
                f" where l._dlt_load_id in (select load_id from {self._schema.place}._dlt_loads"
                " where status = 0)"
            )
        sql = f"select {', '.join(items)} from {place}"
        newest = [name for name in relation.newest if name.lower() in known or found.there(name)]
        if relation.key:
            key = ", ".join(quote(name) for name in relation.key)
            order = ", ".join(f"{quote(name)} desc nulls last" for name in newest) or "1"
            # A row without a key is no version of another one; it is rejected later on.
            nameless = " or ".join(f"{quote(name)} is null" for name in relation.key)
            sql = (
                f"select * from ({sql}) qualify row_number() over (partition by {key}"
                f" order by {order}) = 1 or {nameless}"
            )
        return sql

    def _value(self, found: LandedRelation, column: LandedColumn, excused: set[str]) -> str:
        values = [
            as_type(f"l.{quote(name)}", found.types[name], column) for name in found.sources(column)
        ]
        if found.raw and not values:
            arrow = "->" if column.type == "json" else "->>"
            kind = "JSON" if column.type == "json" else "VARCHAR"
            paths = dict.fromkeys(map(found.relation.path, (column.name, *column.also)))
            read = [f"l._whole {arrow} {text(path)}" for path in paths]
            # APIs tell a cleared field by a text without a letter.
            if column.type == "text":
                read = [f"nullif({each}, '')" for each in read]
            return as_type(f"coalesce({', '.join(read)})", kind, column)
        if not values and (spread := found.gathered(column)):
            start = len(column.gathered or "")
            pairs = ", ".join(f"{text(name[start:])}, l.{quote(name)}" for name in spread)
            return f"json_merge_patch('{{}}', json_object({pairs}))"
        if not values:
            if column.required and column.name not in excused:
                raise self._absent_column(found, column)
            return f"cast(null as {sql_type(column)})"
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
            elif table.nested or (found and found.has(name)):
                columns[name] = self._by_name(spec.columns[name], main, found)
        if absent := [name for name in spec.required if name not in columns]:
            place = f"{self._landed.schema}.{self.place_of(table)}"
            raise FileError(
                f"{place} has nothing that gives {spec.source}.{table.name}.{absent[0]}, which is"
                f" required. Select the column in {self._landed.loader}, or say what stands for it:"
                f" columns: {{{table.name}: {{{absent[0]}: …}}}}",
                column=absent[0],
            )
        return columns

    @staticmethod
    def _by_name(column: ColumnSpec, main: str, found: LandedRelation | None) -> str:
        """The raw column as a relation or object has it under its name."""
        whole = found is None or found.nesting or found.raw
        if not whole or (found and column.name in found.relation.columns):
            return f"{quote(main)}.{quote(column.name)}"
        arrow = "->" if column.type == "json" else "->>"
        return f"({quote(main)}._whole {arrow} {text('$.' + column.name)})"

    def _said(self, sql: str, main: str, found: LandedRelation | None) -> str:
        """A column or expression that the company says a raw column is."""
        if not re.fullmatch(r"\w+", sql):
            return f"({sql})"
        if found is None or found.raw or found.has(sql):
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
        return sorted(table.name for table in self._schema.tables.values())

    def limited(self, limit: Limit) -> int:
        """Rows of a relation of which the loader may have left something out."""
        found = self.find(limit.relation)
        column = found.told(limit.column)
        if found.name is None or column is None:
            return 0
        place = f"{self._schema.place}.{quote(found.name)}"
        counted = self._connection.execute(
            f"select count(*) from {place} where cast({column} as boolean)"
        ).fetchone()
        return int(counted[0]) if counted else 0


def absent_relation(query: LandedQuery, adapter: Adapter, landed: Landed, name: str) -> str:
    """What to say of a relation that is absent and needed."""
    said = landed.renamed(name) or name
    readers = adapter.readers(name)
    gives = [adapter.tables[each].gives for each in readers if adapter.tables[each].gives]
    names = ", ".join(f"{adapter.vendor}.{each}" for each in readers)
    because = f" ({'; '.join(gives)})" if gives else ""
    return (
        f"{landed.schema}.{said} is not there; {names} cannot do without it{because}"
        f"{suggestion(said, query.relation_names())}. {landed.remedy(name)}"
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
