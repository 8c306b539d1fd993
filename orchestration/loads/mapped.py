"""Applying a mapping: which file is read for which entity, and the SQL of its columns."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from orchestration.loads.files import InputFile, fingerprint, list_files, snake_case, table_of
from orchestration.loads.mapping import Column, Constant, Entry, Expression, Mapping, suggestion
from orchestration.loads.model import FileError
from orchestration.loads.part import PartPlan
from orchestration.loads.plan import NamedReading, Plan
from orchestration.loads.reader import StagedFile
from orchestration.loads.run import LoadRun
from orchestration.loads.spec import TableSpec
from orchestration.loads.warehouse import quote, text

SOURCE = "s"


@dataclass
class MappedFiles:
    """The files of a folder as a mapping sees them, and which of their columns it uses."""

    files: list[InputFile]
    used: dict[str, set[str]] = field(default_factory=dict)

    def matching(self, wanted: str) -> list[InputFile]:
        """Files named by a ``from``: a path, a folder or a pattern.

        Raises:
            FileError: There is none.
        """
        pattern = wanted.strip("/")
        found = [
            file
            for file in self.files
            if file.relative == pattern
            or file.relative.startswith(f"{pattern}/")
            or fnmatch.fnmatch(file.relative, pattern)
        ]
        if not found:
            names = [file.relative for file in self.files]
            raise FileError(
                f"the mapping reads '{wanted}', which is not in the folder"
                f"{suggestion(wanted, names)}",
                file=wanted,
            )
        return found

    def use(self, file: InputFile, column: str) -> None:
        """Note that a column of a file is read."""
        self.used.setdefault(file.relative, set()).add(column)


@dataclass(frozen=True)
class MappedReading:
    """A file that a mapping reads for an entity."""

    file: InputFile
    entry: Entry
    files: MappedFiles
    salt: str

    def plan(self, run: LoadRun, table: TableSpec) -> PartPlan:
        """Bring the file and its lookups in and translate the mapping's columns to SQL."""
        staged = run.staged(self.file, frozenset())
        translator = _Translator(run, self, staged, table)
        plan = PartPlan(table, staged, {}, joins=translator.joins)
        for name in table.columns:
            column = self.entry.columns.get(name)
            if name not in self.entry.columns:
                if name in staged.columns:
                    plan.values[name] = translator.named(name, f"columns.{name}")
                continue
            translator.column(plan, name, column)
        if self.entry.where:
            plan.where = translator.sql(self.entry.where, "where")
        return plan


class _Translator:
    """Turns column names and expressions of a mapping into SQL over the work database."""

    def __init__(
        self, run: LoadRun, reading: MappedReading, staged: StagedFile, table: TableSpec
    ) -> None:
        self._run = run
        self._reading = reading
        self._place = f"files.{table.name}"
        self._sources: dict[str, StagedFile] = {SOURCE: staged}
        joins = []
        for alias, lookup in reading.entry.lookups.items():
            file = reading.files.matching(lookup.source)[0]
            self._sources[alias] = run.staged(file, frozenset())
            on = {
                self._resolve(SOURCE, left, f"lookups.{alias}.on"): self._resolve(
                    alias, right, f"lookups.{alias}.on"
                )
                for left, right in lookup.pairs.items()
            }
            joins.append(self._join(alias, on))
        self.joins = " ".join(joins)

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
            f"cast({SOURCE}.{quote(left)} as varchar) = cast({quote(alias)}.{quote(right)}"
            " as varchar)"
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
        elif isinstance(column, Expression):
            plan.expressions[name] = self.sql(column.sql, place)
        elif column is not None:
            plan.values[name] = self.named(column, place)

    def named(self, name: str, place: str) -> str:
        """SQL of a plain column: ``column`` of the file or ``alias.column`` of a lookup."""
        alias, _, rest = name.partition(".")
        if rest and alias in self._sources:
            return f"{quote(alias)}.{quote(self._resolve(alias, rest, place))}"
        return f"{SOURCE}.{quote(self._resolve(SOURCE, name, place))}"

    def sql(self, expression: str, place: str) -> str:
        """An expression with every column resolved."""
        try:
            tree = sqlglot.parse_one(expression, dialect="duckdb")
        except sqlglot.errors.ParseError as problem:
            first = str(problem).splitlines()[0]
            raise self._error(
                place, f"'{expression}' is not a valid expression: {first}"
            ) from problem
        if tree.find(exp.Query, exp.DDL, exp.Command):
            raise self._error(place, f"'{expression}' must be an expression, not a query")
        if over := tree.find(exp.Window, exp.AggFunc):
            raise self._error(
                place,
                f"'{expression}' looks at several rows ({over.sql(dialect='duckdb')}): an "
                "expression is computed row by row, so that a row on which it fails can be "
                "rejected alone. Compute that in the export, or look it up in another file "
                "(lookups)",
            )
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
        return tree.sql(dialect="duckdb")

    def _resolve(self, alias: str, name: str, place: str) -> str:
        staged = self._sources[alias]
        wanted = name.strip()
        for column, header in staged.headers.items():
            if wanted in (header, column):
                self._reading.files.use(staged.file, column)
                return column
        folded = snake_case(wanted)
        if folded in staged.headers:
            self._reading.files.use(staged.file, folded)
            return folded
        hint = suggestion(wanted, staged.headers.values())
        raise self._error(
            place, f"{staged.file.relative} has no column '{name}'{hint}", staged.file.relative
        )

    def _error(self, place: str, message: str, file: str | None = None) -> FileError:
        return FileError(
            f"mapping {self._place}.{place}: {message}",
            file=file or self._reading.file.relative,
        )


def plan_by_mapping(run: LoadRun, mapping: Mapping) -> Plan:
    """The plan of a mapping; files it does not name are still taken by their own name."""
    files = MappedFiles(list_files(run.request.folder))
    plan = Plan(delivery=dict(mapping.delivery))
    taken: set[str] = set()
    for entity, entries in mapping.files.items():
        for entry in entries:
            try:
                salt = _salt(files, entry)
                for lookup in entry.lookups.values():
                    taken.add(files.matching(lookup.source)[0].relative)
                for file in files.matching(entry.source):
                    taken.add(file.relative)
                    reading = MappedReading(file, entry, files, salt)
                    plan.readings.setdefault(entity, []).append(reading)
            except FileError as problem:
                plan.failed.add(entity)
                run.note("error", problem.text, table=entity, file=problem.file)
    for file in files.files:
        if file.relative in taken:
            continue
        table = table_of(file, run.spec)
        if table is None or table in mapping.files:
            plan.unmapped.append(file)
        else:
            plan.readings.setdefault(table, []).append(NamedReading(file))
    for entity in plan.failed:
        plan.readings.pop(entity, None)
    plan.used = files.used
    return plan


def _salt(files: MappedFiles, entry: Entry) -> str:
    """What else than the file itself decides its rows: the mapping and the lookups."""
    lookups = [
        fingerprint(files.matching(lookup.source)[0].path) for lookup in entry.lookups.values()
    ]
    return "\n".join([entry.model_dump_json(), *lookups])


def unmapped_columns(run: LoadRun, plan: Plan) -> Iterator[tuple[StagedFile, list[str]]]:
    """Mapped files with the columns that no entity and no lookup reads."""
    relatives = {r.file.relative for rs in plan.readings.values() for r in rs if r.salt}
    for staged in run.staged_files():
        if staged.file.relative in relatives:
            used = plan.used.get(staged.file.relative, set())
            left = [header for column, header in staged.headers.items() if column not in used]
            if left:
                yield staged, left
