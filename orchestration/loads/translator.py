"""From the columns and expressions of a mapping to SQL over the work database."""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from orchestration.database import quote, text
from orchestration.loads.casts import (
    as_text,
    clock,
    is_local,
    moment,
    number_text,
    signed,
    time_in_utc,
)
from orchestration.loads.files import InputFile, snake_case
from orchestration.loads.mapping import Column, Constant, Entry, Expression, Taken
from orchestration.loads.model import FileError
from orchestration.loads.part_plan import Coded, PartPlan
from orchestration.loads.run import LoadRun
from orchestration.loads.settings import AS_WRITTEN, FileSettings
from orchestration.loads.shaping import Shaper, filled, or_alone, replaced
from orchestration.loads.staged import StagedFile
from orchestration.settings_file import suggestion

SOURCE = "s"
# Functions of ours: a text as the file writes numbers, days and times.
NUMBER, DAY, TIME = "as_number", "as_date", "as_time"
# Functions whose answer hangs on the moment, on chance, or on who asks: those that DuckDB calls
# other than consistent, and what it has as keywords or macros.
UNSTEADY = {
    *("now", "today", "transaction_timestamp", "get_current_timestamp", "get_current_time", "ago"),
    *("current_date", "current_time", "current_timestamp", "current_localtime"),
    *("current_localtimestamp", "localtime", "localtimestamp"),
    *("random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid"),
    *("nextval", "currval", "txid_current", "current_connection_id", "current_transaction_id"),
    *("current_query", "current_query_id", "current_user", "user", "session_user", "getenv"),
    *("current_database", "current_catalog", "current_schema", "current_schemas"),
    *("current_setting", "in_search_path", "stats", "sleep_ms", "write_log"),
    *("pg_conf_load_time", "pg_postmaster_start_time"),
}


class Translator:
    """Turns column names and expressions of an entry into SQL."""

    def __init__(  # noqa: PLR0917
        self,
        run: LoadRun,
        entry: Entry,
        place: str,
        staged: StagedFile,
        lookups: dict[str, StagedFile],
        use: Callable[[InputFile, str], None],
    ) -> None:
        """Join the lookups.

        Args:
            run: The load.
            entry: The part of the mapping.
            place: Where that part is in the mapping, for errors.
            staged: The file.
            lookups: The lookups' files by their name.
            use: Is told each column that is read.
        """
        self._run = run
        self._place = place
        self._use = use
        self._staged = staged
        self._sources = {SOURCE: staged, **lookups}
        joins = []
        for alias, lookup in entry.lookups.items():
            where = f"lookups.{alias}.on"
            on = {
                self._resolve(SOURCE, left, where): self._resolve(alias, right, where)
                for left, right in lookup.pairs.items()
            }
            joins.append(self._join(alias, on))
        self.joins = " ".join(joins)
        self._keys: dict[str, str] = {}
        self._readings: dict[str, FileSettings] = {}
        unread = staged.broken[0].line if staged.broken else None
        self._shaper = Shaper(self._key_columns(entry.group_by, "group_by"), unread)

    def _join(self, alias: str, on: dict[str, str]) -> str:
        looked_up = self._sources[alias]
        keys = ", ".join(quote(right) for right in on.values())
        repeated = self._run.rows(
            f"select count(*) from (select 1 from {looked_up.relation} where"
            f" {' and '.join(f'{quote(r)} is not null' for r in on.values())}"
            f" group by {keys} having count(*) > 1)"
        )
        if repeated:
            self._run.note(
                "warning",
                f"{repeated} values of {', '.join(on.values())} are on several lines; the first "
                "line of each is used to look up values",
                file=looked_up.file.relative,
                column=next(iter(on.values())),
            )
        equal = " and ".join(
            f"{as_text(f'{SOURCE}.{quote(left)}', self._staged.columns[left])}"
            f" = {as_text(f'{quote(alias)}.{quote(right)}', looked_up.columns[right])}"
            for left, right in on.items()
        )
        return (
            f"left join (select * from {looked_up.relation} qualify row_number() over"
            f" (partition by {keys} order by _line) = 1) as {quote(alias)} on {equal}"
        )

    def column(self, plan: PartPlan, name: str, column: Column) -> None:
        """Add one column of the mapping to the plan; ``null`` leaves it out."""
        place = f"columns.{name}"
        if isinstance(column, Constant):
            value = column.value
            written = str(value).lower() if isinstance(value, bool) else str(value)
            plan.values[name] = f"cast({text(written)} as varchar)"
            plan.readings[name] = AS_WRITTEN
        elif isinstance(column, Expression):
            plan.expressions[name] = self.sql(column.sql, place, name)
            plan.readings[name] = self._readings[name]
            plan.said[name] = column.sql
        elif isinstance(column, Taken):
            self._taken(plan, name, column, f"{place}.from")
        elif column is not None:
            self._taken(plan, name, Taken(source=column), place)

    def _taken(self, plan: PartPlan, name: str, column: Taken, place: str) -> None:
        alias, resolved = self._find(column.source, place)
        found = f"{quote(alias)}.{quote(resolved)}"
        plan.readings[name] = self._sources[alias].reading
        if column.path is None and column.values is None:
            plan.values[name] = found
            return
        value = as_text(found, self._sources[alias].columns[resolved])
        if column.path:
            path = text(column.path)
            kind = f"json_type({value}, {path})"
            value = f"json_extract_string({value}, {path})"
            if column.values is None and plan.table.columns[name].is_number:
                value = signed(value, kind, plan.readings[name])
        plan.said[name] = f"{column.source} {column.path or ''}".strip()
        plan.expressions[name] = value
        if column.values is not None:
            plan.readings[name] = AS_WRITTEN
            plan.coded[name] = Coded(column.values, column.otherwise, strict=not column.has_else)

    def named(self, name: str, place: str) -> str:
        """SQL of a plain column: ``column`` of the file or ``alias.column`` of a lookup."""
        alias, resolved = self._find(name, place)
        return f"{quote(alias)}.{quote(resolved)}"

    def _find(self, name: str, place: str) -> tuple[str, str]:
        alias, _, rest = name.partition(".")
        if rest and alias in self._sources:
            return alias, self._resolve(alias, rest, place)
        return SOURCE, self._resolve(SOURCE, name, place)

    def _key_columns(self, said: list[str], place: str) -> list[str]:
        """SQL of the columns that lines are to be alike in: headers as they are, or expressions."""
        columns = []
        for each in map(str.strip, said):
            if each in self._staged.headers.values() or snake_case(each) in self._staged.headers:
                columns.append(self.named(each, place))
            else:
                self._keys[each] = self.sql(each, place)
                columns += or_alone(self._keys[each])
        return columns

    def shape(self, plan: PartPlan, distinct: bool | list[str]) -> None:
        """Join to the plan what looks at several lines, once all its columns are there."""
        keys = []
        if isinstance(distinct, list):
            keys = self._key_columns(distinct, "distinct")
        elif distinct:
            keys = [*plan.values.values()]
            for name, sql in plan.expressions.items():
                value, *alone = or_alone(sql)
                keys += [plan.coded[name].sql(value) if name in plan.coded else value, *alone]
        plan.keys = self._keys
        self._shaper.distinct(plan, keys)
        plan.joins = self._shaper.join(self._run, plan, self.joins)

    def sql(self, expression: str, place: str, name: str | None = None) -> str:
        """An expression with every column resolved.

        Args:
            expression: What the mapping says.
            place: Where it says so.
            name: The column it is for; without one it may not look at several rows.

        Raises:
            FileError: It is no expression, or names a column there is not.
        """
        try:
            tree = sqlglot.parse_one(expression, dialect="duckdb")
        except sqlglot.errors.ParseError as problem:
            first = str(problem).splitlines()[0]
            raise self._error(
                place, f"'{expression}' is not a valid expression: {first}"
            ) from problem
        for unsteady in filter(None, map(_unsteady, tree.find_all(exp.Func))):
            raise self._error(
                place,
                f"'{expression}' says something else each time ({unsteady}): the same file is to "
                "give the same rows, so use a column of the file",
            )
        if tree.find(exp.Query, exp.DDL, exp.Command):
            raise self._error(place, f"'{expression}' must be an expression, not a query")
        over = tree.find(exp.Window, exp.AggFunc)
        if over and (name is None or not (tree.find(exp.Window) or self._shaper.keys)):
            remedy = "say group_by for one row per group, or a window: over (partition by …)"
            if name is None:
                remedy = "that is asked row by row, so compute it in a column"
            raise self._error(
                place,
                f"'{expression}' looks at several rows ({over.sql(dialect='duckdb')}): {remedy}",
            )
        self._resolve_columns(tree, place)
        if name is not None:
            self._readings[name] = self._reading_of(tree)
        held: dict[str, str] = {}
        tree = self._own_functions(tree, held)
        if over:
            tree = self._shaper.lift(tree, str(name), held)
        return filled(tree, held)

    def _resolve_columns(self, tree: exp.Expression, place: str) -> None:
        lambdas = {
            str(argument) for node in tree.find_all(exp.Lambda) for argument in node.expressions
        }
        for node in list(tree.find_all(exp.Column)):
            if node.name in lambdas and not node.table:
                continue
            alias = node.table or SOURCE
            if alias not in self._sources:
                known = [name for name in self._sources if name != SOURCE]
                raise self._error(place, f"unknown lookup '{alias}'{suggestion(alias, known)}")
            resolved = self._resolve(alias, node.name, place)
            node.set("this", exp.to_identifier(resolved, quoted=True))
            node.set("table", exp.to_identifier(alias, quoted=True))

    def _own_functions(self, tree: exp.Expression, held: dict[str, str]) -> exp.Expression:
        """Put a name in the place of each call of our functions, and its SQL beside."""
        for node in reversed(list(tree.find_all(exp.Anonymous))):
            called = str(node.this).lower()
            if called in (NUMBER, DAY, TIME) and len(node.expressions) == 1:
                argument = filled(node.expressions[0], held)
                read = _read(called, argument, self._reading_of(node))
                tree = replaced(tree, node, read, held)
        return tree

    def _reading_of(self, node: exp.Expression) -> FileSettings:
        """How the file writes that an expression takes all its columns from, else the entry's."""
        aliases = {column.table for column in node.find_all(exp.Column) if column.table}
        alias = aliases.pop() if len(aliases) == 1 else SOURCE
        return self._sources[alias].reading

    def _resolve(self, alias: str, name: str, place: str) -> str:
        staged = self._sources[alias]
        wanted = name.strip()
        folded = snake_case(wanted)
        found = [column for column, head in staged.headers.items() if wanted in (head, column)]
        if not found and folded in staged.headers:
            found = [folded]
        if found:
            self._use(staged.file, found[0])
            return found[0]
        hint = suggestion(wanted, staged.headers.values())
        if folded in staged.repeated:
            hint = f": several columns are named so; write '{staged.repeated[folded][0]} (1)'"
        raise self._error(
            place, f"{staged.file.relative} has no column '{name}'{hint}", staged.file.relative
        )

    def _error(self, place: str, message: str, file: str | None = None) -> FileError:
        return FileError(
            f"mapping {self._place}.{place}: {message}", file=file or self._staged.file.relative
        )


def _unsteady(node: exp.Func) -> str:
    """Return a call whose answer hangs on the moment, on chance or on the session; else nothing."""
    call = node.sql(dialect="duckdb")
    name = call.partition("(")[0].lower()
    since_today = name == "age" and len(node.expressions) == 1
    return call if name in UNSTEADY or since_today else ""


def _read(called: str, argument: str, reading: FileSettings) -> str:
    """SQL of a text read as the file writes numbers, days or times; fails where it is none.

    A time is one with its zone, so that nothing takes it for the file's clock again.
    """
    content = f"nullif(trim(cast({argument} as varchar)), '')"
    read, other, kind = content, content, "timestamp"
    if called == NUMBER:
        read, kind = number_text(content, reading), "decimal(28, 10)"
    elif called == TIME:
        iso = FileSettings(time_zone=reading.time_zone)
        read, other = (
            f"cast(timezone('UTC', {time_in_utc(content, way)}) as varchar)"
            for way in (reading, iso)
        )
        kind = "timestamptz"
    else:
        instant = clock(f"cast({content} as timestamptz)", reading)
        other = f"case when {is_local(content)} then {content} else cast({instant} as varchar) end"
        if reading.date_format:
            read = f"cast({moment(content, reading)} as varchar)"
    # What cannot be read is cast as a text that is surely none, which fails.
    told = f"case when {read} is null then 'not so written: ' || {content} else {read} end"
    typed = f"case when typeof({argument}) = 'VARCHAR' then {told} else {other} end"
    sql = f"cast({typed} as {kind})"
    return f"cast({sql} as date)" if called == DAY else sql
