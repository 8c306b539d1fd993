"""One file read for one table: the SQL views that type its rows and judge them."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.database import quote, text
from orchestration.loads.casts import as_text
from orchestration.loads.checks import (
    Check,
    TypedColumn,
    Window,
    all_reasons,
    any_of,
    ends_too_early,
    first_column,
    none_given,
    out_of_scale,
    typed,
)
from orchestration.loads.model import FileError
from orchestration.loads.part_plan import PartPlan


@dataclass
class PartCounts:
    """Rows of a part as a first pass over it found them.

    Attributes:
        rows: Lines of the file.
        matched: Rows that are the table's.
        left: Lines that are neither the table's nor another's.
        bad: Rows that are the table's and break a rule.
        open_ends: Dates that were read as no end, by column.
        rounded: Numbers that had more decimals than are kept, by column.
    """

    rows: int
    matched: int
    left: int
    bad: int
    open_ends: dict[str, int]
    rounded: dict[str, int]


class Part:
    """A part whose views exist in the work database."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, number: int, plan: PartPlan, window: Window
    ) -> None:
        """Create the views of the part."""
        self.number = number
        self.plan = plan
        self.table = plan.table
        self.staged = plan.staged
        self.file = plan.staged.file.relative
        self.view = f"part_{number}"
        self._raw = f"raw_{number}"
        self._cast = f"cast_{number}"
        self._connection = connection
        self._check_required()
        physical = self._physical = self._create_raw_view()
        self._columns: dict[str, TypedColumn] = {
            name: typed(
                column,
                physical[f"r:{name}"],
                plan.table,
                window,
                plan.readings.get(name, plan.reading),
            )
            for name, column in plan.table.columns.items()
            if f"r:{name}" in physical
        }
        self._checks = self._failed_expressions()
        for column in self._columns.values():
            self._checks += column.checks
        too_early = ends_too_early(plan.table)
        if too_early and {*(plan.table.span or ())} <= self._columns.keys():
            self._checks.append(too_early)
        self._checks += out_of_scale(plan.table, self._columns.keys())
        if plan.table.either:
            self._checks.append(none_given(plan.table.either, self._columns.keys()))
        self._create_views()

    @property
    def delivered(self) -> list[str]:
        """Columns the part has: declared ones, then the others."""
        return [*self._columns, *self.plan.extras]

    def _check_required(self) -> None:
        given = self.plan.values.keys() | self.plan.expressions.keys()
        missing = [name for name in self.table.required if name not in given]
        if missing and (self.staged.columns or self.staged.rows):
            found = ", ".join(self.staged.headers.values()) or "no columns"
            names = ", ".join(missing)
            what = f"columns {names} are" if len(missing) > 1 else f"column {names} is"
            raise FileError(
                f"required {what} missing; the file has: {found}. Rename the column in the file "
                "or map it in mapping.yml",
                file=self.file,
                column=missing[0],
            )

    def _create_raw_view(self) -> dict[str, str]:
        """The values as the file has them: ``r:`` columns, ``x:`` extras, the match."""
        plan = self.plan
        source = f"{plan.staged.relation} as s {plan.joins}"
        guarded = {f"e:{name}": sql for name, sql in plan.expressions.items()}
        guarded |= {f"e: {said}": sql for said, sql in plan.keys.items()}
        if plan.where:
            guarded["e: where"] = f"coalesce(cast(({plan.where}) as boolean), false)"
        items = ["s._line as _line"]
        items += [f"{sql} as {quote('r:' + name)}" for name, sql in plan.values.items()]
        items += [
            f"{as_text('s.' + quote(name), plan.staged.columns[name])} as {quote('x:' + name)}"
            for name in plan.extras
        ]
        # A struct around the value tells an expression that failed from one that gave null.
        items += [f"try(struct_pack(v := ({sql}))) as {quote(e)}" for e, sql in guarded.items()]
        items += [f"{line} as {quote('f:' + name)}" for name, line in plan.spoiled.items()]
        items.append(f"{plan.first or 'true'} as _stands")
        items.append(f"{'_taken._line is null' if plan.taken else 'true'} as _left")
        select = f"select {', '.join(items)} from {source}"
        if guarded:
            unpacked = "".join(
                f", {plan.coded[name].sql(value) if name in plan.coded else value}"
                f" as {quote('r:' + name)}"
                for name in plan.expressions
                for value in [f"{quote('e:' + name)}.v"]
            )
            select = f"select *{unpacked} from ({select})"
        try:
            self._connection.execute(f"create view {self._raw} as {select}")
            described = self._connection.execute(f"describe {self._raw}").fetchall()
        except duckdb.Error as problem:
            message = str(problem).strip().splitlines()[0]
            raise FileError(
                f"the mapping of {self.table.name} cannot be run: {message}", file=self.file
            ) from problem
        return {row[0]: row[1] for row in described}

    def _failed_expressions(self) -> list[Check]:
        fails = "the mapping's expression fails on"
        said = {**self.plan.expressions, **self.plan.said}
        checks = []
        for name in self.plan.expressions:
            value = quote("e:" + name)
            if name in self.plan.spoiled:
                line = quote("f:" + name)
                told = f"{name}: {fails} line ", f", which this row is computed from: {said[name]}"
                if self.staged.broken:
                    told = f"{name}: line ", f" cannot be read, and it may be part of: {said[name]}"
                reason = f"{text(told[0])} || {line} || {text(told[1])}"
                checks.append(Check(name, f"({line} is not null)", reason))
            reason = text(f"{name}: {fails} this row: {said[name]}")
            checks.append(Check(name, f"({value} is null)", reason))
            coded = self.plan.coded.get(name)
            if coded and coded.strict:
                known = ", ".join(coded.values)
                advice = f"' is not among the values of the mapping: {known}; add it, or say else"
                reason = (
                    f"{text(name + chr(32) + chr(39))} || left({value}.v, 60) || {text(advice)}"
                )
                checks.append(Check(name, coded.unknown(f"{value}.v"), reason))
        for key in self.plan.keys:
            reason = text(f"what rows are alike in fails on this row: {key}")
            checks.append(Check("", f"({quote('e: ' + key)} is null)", reason))
        if self.plan.where:
            failed = text(f"the mapping's condition fails on this row: {self.plan.where}")
            checks.insert(0, Check("", f"({quote('e: where')} is null)", failed))
        return checks

    def _create_views(self) -> None:
        matched, left = "true", "false"
        if self.plan.where:
            matched = f"coalesce({quote('e: where')}.v, true)"
            left = f"not {matched} and _left"
        if self.plan.first:
            # A line whose condition fails stands for itself, to be rejected.
            matched = f"({matched} and coalesce(_stands, true))"
        items = [f"{column.value} as {quote(name)}" for name, column in self._columns.items()]
        items += [f"{quote('x:' + name)} as {quote(name)}" for name in self.plan.extras]
        bases = [f"{column.base} as {quote('b:' + n)}" for n, column in self._columns.items()]
        self._connection.execute(
            f"create view {self._cast} as select {', '.join(['*', *bases])} from {self._raw}"
        )
        for name in (*self.table.key, self.table.version):
            if name and name not in self._columns:
                items.append(f"cast(null as {self.table.columns[name].sql_type}) as {quote(name)}")
        self._connection.execute(
            f"create view {self.view} as select {', '.join(['_line', *items])},"
            f" {matched} as _matched, {any_of(self._checks)} as _bad from {self._cast}"
        )
        self._matched, self._left = matched, left

    def count(self) -> PartCounts:
        """Count the rows in one pass that touches every column, so that damage shows here."""
        matched = self._matched
        items = [
            "count(*)",
            f"count(*) filter (where {matched})",
            f"count(*) filter (where {self._left})",
            f"count(*) filter (where {matched} and {any_of(self._checks)})",
        ]
        ends = {name: c.open_end for name, c in self._columns.items() if c.open_end}
        rounded = {name: c.rounded for name, c in self._columns.items() if c.rounded}
        items += [f"count(*) filter (where {matched} and {sql})" for sql in ends.values()]
        items += [f"count(*) filter (where {matched} and {sql})" for sql in rounded.values()]
        if self.staged.file.format == "parquet":
            items += [f"count({quote('r:' + name)})" for name in self._columns]
            items += [f"count({quote('x:' + name)})" for name in self.plan.extras]
        try:
            found = self._connection.execute(
                f"select {', '.join(items)} from {self._cast}"
            ).fetchone()
        except duckdb.Error as problem:
            message = str(problem).strip().splitlines()[0]
            raise FileError(
                f"the file cannot be read to its end ({message}); it is damaged. Export it again",
                file=self.file,
            ) from problem
        assert found is not None
        rest = iter(found[4:])
        self.counts = PartCounts(
            rows=found[0],
            matched=found[1],
            left=found[2],
            bad=found[3],
            open_ends={name: next(rest) for name in ends},
            rounded={name: next(rest) for name in rounded},
        )
        return self.counts

    def bad_rows(self) -> str:
        """SQL of the bad rows: line, column, reason and what their key says."""
        return (
            f"select _line, {first_column(self._checks)} as column_name,"
            f" {all_reasons(self._checks)} as reason, {self._row_key()} as row_key"
            f" from {self._cast}"
            f" where {self._matched} and {any_of(self._checks)}"
        )

    def _row_key(self) -> str:
        """SQL of the values of the key as the file has them."""
        values = [
            as_text(quote(f"r:{name}"), self._physical[f"r:{name}"])
            for name in self.table.key
            if f"r:{name}" in self._physical
        ]
        return f"concat_ws(' ', {', '.join(values)})" if values else "cast(null as varchar)"

    def keys(self) -> str:
        """SQL of the keys of all rows that are the table's, sound or not."""
        names = ", ".join(quote(name) for name in self.table.key)
        return f"select {names} from {self.view} where _matched"

    def good_rows(self) -> str:
        """SQL of the good rows: ``_line`` and the delivered columns, typed."""
        columns = ", ".join(["_line", *(quote(name) for name in self.delivered)])
        # Judging rows again costs as much as reading them, so it is left out where all are good.
        kept = "true"
        if self.counts.matched - self.counts.bad < self.counts.rows:
            kept = "_matched and not _bad"
        return f"select {columns} from {self.view} where {kept}"

    def drop(self) -> None:
        """Remove the views again."""
        self._connection.execute(
            f"drop view {self.view}; drop view {self._cast}; drop view {self._raw}"
        )
