"""Which rows of a delivery are new: the difference between its files and the raw table."""

from __future__ import annotations

from dataclasses import replace

from orchestration.database import quote, text
from orchestration.loads.checks import key_text
from orchestration.loads.model import FOOTER_ROWS
from orchestration.loads.part import Part
from orchestration.loads.part_plan import PartPlan
from orchestration.loads.run import LoadRun
from orchestration.loads.spec import INCREMENT, TableSpec
from orchestration.loads.whole import NAMED, Delivery, note_delivery


class TableLoad:
    """Finds the new rows of one table and says which queries give them."""

    def __init__(self, run: LoadRun, table: TableSpec) -> None:
        """Remember the load and the table."""
        self.run = run
        self.table = table
        self.queries: list[tuple[str, str]] = []
        # Files of the table that hold not even a header: what they should have held is not known.
        self.empty_files: list[str] = []
        self._parts: list[Part] = []

    # ---- parts ------------------------------------------------------------------------------

    def add(self, plan: PartPlan) -> Part:
        """Type and judge the rows of one file; its bad rows go to the rejects.

        Raises:
            FileError: The file cannot be used for this table.
        """
        run = self.run
        part = Part(run.connection, run.next_number(), plan, run.window)
        self._parts.append(part)
        counts = part.count()
        self._report(part, counts.open_ends, counts.rounded)
        count = run.count(self.table.name, part.file)
        count.read += counts.matched + counts.left + len(part.staged.broken)
        count.unmapped += counts.left
        count.rejected += run.broken(part)
        if counts.bad:
            count.rejected += run.reject(part, part.bad_rows())
        run.columns.setdefault(self.table.name, set()).update(part.delivered)
        for column in part.delivered:
            run.column_files.setdefault((self.table.name, column), part.file)
        return part

    def _report(self, part: Part, ends: dict[str, int], rounded: dict[str, int]) -> None:
        note = self.run.note
        where = {"table": self.table.name, "file": part.file}
        for column, rows in ends.items():
            if rows:
                note(
                    "info",
                    f"{rows} far-future dates (year 2199 or later) were read as 'no end'",
                    column=column,
                    **where,
                )
        for column, rows in rounded.items():
            if rows:
                scale = self.table.columns[column].scale
                note(
                    "warning",
                    f"{rows} numbers have more than {scale} decimals and were rounded",
                    column=column,
                    **where,
                )
        if part.staged.footer:
            line = part.staged.footer_line
            told = f"{part.staged.footer} {FOOTER_ROWS}, from line {line} on"
            note("info", told, **where)
            if behind := self._readable_behind(part.plan):
                rows = "1 row" if behind == 1 else f"{behind} rows"
                note(
                    "warning",
                    f"{rows} behind the footer of line {line} would load, and the footer leaves "
                    "them out: take its word out of footer, or say with where which rows count",
                    **where,
                )
        for header in part.staged.skipped:
            note(
                "info",
                f"column '{header}' was left out: the loader keeps that name for itself",
                column=header,
                **where,
            )
        line = part.staged.open_line
        if part.staged.cut_off:
            note(
                "warning",
                f"the file ends in the middle of line {part.staged.broken[-1].line}: it was "
                "probably not written to its end. Export it again",
                **where,
            )
        elif line:
            note(
                "info",
                f"line {line}, the last one, has no line end; if the file was cut off there, "
                "export it again",
                **where,
            )

    def _readable_behind(self, plan: PartPlan) -> int:
        """Rows behind the footer that would be sound ones of the table."""
        if plan.first or plan.spoiled:
            return 0  # What one row is, all the rows decide.
        staged = replace(plan.staged, relation=plan.staged.behind, broken=[])
        part = Part(
            self.run.connection,
            self.run.next_number(),
            replace(plan, staged=staged),
            self.run.window,
        )
        counts = part.count()
        part.drop()
        return counts.matched - counts.bad

    def report_pages(self) -> None:
        """Say of which files the rest is missing: pages of a list whose last one is nowhere."""
        pages = [part for part in self._parts if part.staged.is_page is not None]
        if not all(part.staged.is_page for part in pages):
            return
        for part in pages:
            self.run.note(
                "warning",
                f"its {part.staged.rows} rows are not all: the list says has_more, so this is a "
                "page, and the rest is missing. Export all pages into this file or further ones "
                "(limit=100, then starting_after=<the last id>), or fetch them by the API",
                table=self.table.name,
                file=part.file,
            )

    # ---- keyed tables -----------------------------------------------------------------------

    def keyed(self) -> None:
        """New and changed rows of a table with a key."""
        if not self._parts:
            return
        delivery = self._collect(self._parts)
        note_delivery(self.run, self.table, self._parts, self.empty_files)
        if self.table.last_counts or self.run.request.is_dated:
            self._supersede(delivery, is_quiet=self.run.request.is_dated)
        else:
            self._reject_duplicates(delivery)
        self._load_new(delivery, self._parts)

    def _load_new(self, delivery: str, parts: list[Part]) -> None:
        """Count the rows of a delivery and queue those that are not loaded yet."""
        for part in parts:
            count = self.run.count(self.table.name, part.file)
            count.unchanged += self.run.rows(
                f"select count(*) from {delivery} where _part = {part.number}"
            )
        self._keep_changed(delivery)
        self._finish(delivery, parts)

    def _collect(self, parts: list[Part]) -> str:
        """All good rows of parts of the delivery in one table."""
        name = f"delivery_{self.run.next_number()}"
        columns = {
            column.name: column.sql_type
            for column in self.table.columns.values()
            if column.name in self.run.columns[self.table.name]
            or column.name in (*self.table.key, self.table.version)
        }
        extras = sorted(self.run.columns[self.table.name] - columns.keys())
        columns |= dict.fromkeys(extras, "VARCHAR")
        body = ", ".join(f"{quote(column)} {kind}" for column, kind in columns.items())
        self.run.connection.execute(f"create table {name} (_part bigint, _line bigint, {body})")
        for part in parts:
            self.run.connection.execute(
                f"insert into {name} by name select {part.number} as _part, *"
                f" from ({part.good_rows()})"
            )
        return name

    def _has_repeats(self, delivery: str) -> bool:
        """Whether two rows of the delivery have the same key."""
        key = ", ".join(quote(name) for name in self.table.key)
        repeats = f"select 1 from {delivery} group by {key} having count(*) > 1"
        return self.run.rows(f"select count(*) from ({repeats})") > 0

    def _reject_duplicates(self, delivery: str) -> None:
        """Keep one row per key: the one with the newest version, else the first."""
        table = self.table
        key = ", ".join(quote(name) for name in table.key)
        if not self._has_repeats(delivery):
            return
        newest = f"{quote(table.version)} desc nulls last, " if table.version else ""
        losers = f"losers_{self.run.next_number()}"
        self.run.connection.execute(
            f"create table {losers} as select * from (select *, {self._kept()},"
            f" row_number() over w as _place from {delivery}"
            f" window w as (partition by {key} order by {newest}_part, _line"
            " rows between unbounded preceding and unbounded following)) where _place > 1"
        )
        self._write_duplicates(losers)
        self.run.connection.execute(
            f"delete from {delivery} using {losers} where {delivery}._part = {losers}._part"
            f" and {delivery}._line = {losers}._line"
        )
        self.run.connection.execute(f"drop table {losers}")

    def _kept(self) -> str:
        """SQL of what is remembered of the row that is kept, over the window w of its key."""
        items = [f"first_value({name}) over w as _kept{name}" for name in ("_part", "_line")]
        if self.table.version:
            items.append(f"first_value({quote(self.table.version)}) over w as _kept_version")
        return ", ".join(items)

    def _write_duplicates(self, losers: str) -> None:
        table = self.table
        files = {part.number: part.file for part in self._parts}
        case = " ".join(f"when {number} then {text(file)}" for number, file in files.items())
        better = text(" (the first one)")
        if table.version:
            newest = text(f" (newest {table.version})")
            newer = f"_kept_version is distinct from {quote(table.version)}"
            better = f"case when {newer} then {newest} else {better} end"
        for part in self._parts:
            sql = (
                f"select _line, {text(table.key[0])} as column_name, cast(null as varchar) as"
                f" row_key, {key_text(table.key, 'l')} || ' is already on line '"
                f" || cast(_kept_line as varchar) || case when _kept_part <> {part.number}"
                f" then ' of ' || case _kept_part {case} end else '' end"
                f" || ', which is kept' || {better} || '; keep one row per key' as reason"
                f" from {losers} as l where _part = {part.number}"
            )
            count = self.run.count(table.name, part.file)
            count.rejected += self.run.reject(part, sql)

    def _supersede(self, delivery: str, *, is_quiet: bool) -> None:
        """Keep one row per key: the last one, by its version or else by the order in the file.

        A row that holds for no day gives way to one that does. The other rows change nothing and
        are counted so; a message names them, unless it is ordinary that they come again.
        """
        table = self.table
        is_dated = self.run.request.is_dated
        # Files that are read together may have been fetched apart: each version is kept.
        kept = [*table.key, *([table.version] if is_dated and table.version else [])]
        key = ", ".join(quote(name) for name in kept)
        if not self._has_repeats(delivery):
            return
        order = []
        if table.span and set(table.span) <= self.run.columns[table.name]:
            first, last = map(quote, table.span)
            order.append(f"coalesce({last} <= {first}, false)")
        if table.version:
            order.append(f"{quote(table.version)} desc nulls last")
        content = self._content(delivery)
        losers = f"losers_{self.run.next_number()}"
        window = f"partition by {key} order by {', '.join([*order, '_part desc', '_line desc'])}"
        told = f"dense_rank() over (partition by {key} order by {', '.join(order) or '1'})"
        self.run.connection.execute(
            f"create table {losers} as select * from (select *,"
            f" first_value(_part) over w as _kept_part, first_value(_line) over w as _kept_line,"
            f" {told} > 1 or {content} is not distinct from first_value({content}) over w"
            f" as _is_told, row_number() over w as _place from {delivery}"
            f" window w as ({window} rows between unbounded preceding and unbounded following))"
            " where _place > 1"
        )
        self._report_superseded(losers, is_quiet=is_quiet)
        self.run.connection.execute(
            f"delete from {delivery} using {losers} where {delivery}._part = {losers}._part"
            f" and {delivery}._line = {losers}._line; drop table {losers}"
        )

    def _content(self, delivery: str) -> str:
        """SQL of all that a row says."""
        names = [
            row[0]
            for row in self.run.connection.execute(f"describe {delivery}").fetchall()
            if row[0] not in ("_part", "_line")
        ]
        return f"struct_pack({', '.join(f'{quote(name)} := {quote(name)}' for name in names)})"

    def _report_superseded(self, losers: str, *, is_quiet: bool) -> None:
        """Name the rows that another row of the same key replaces, file by file."""
        files = {part.number: part.file for part in self._parts}
        case = " ".join(f"when {number} then {text(file)}" for number, file in files.items())
        for part in self._parts:
            place = (
                f"'line ' || _line || ' (' || {key_text(self.table.key, 'l')} || ') by line '"
                f" || _kept_line || case when _kept_part <> {part.number} then ' of ' ||"
                f" case _kept_part {case} end else '' end"
            )
            rows = self.run.connection.execute(
                f"select _is_told, {place} from {losers} as l where _part = {part.number}"
                " order by _line"
            ).fetchall()
            self.run.count(self.table.name, part.file).unchanged += len(rows)
            if is_quiet:
                continue
            given = self.run.columns[self.table.name]
            told = ["newer"] if self.table.version in given else []
            told.append("the same")
            if self.table.span and set(self.table.span) <= given:
                told.append("goes on where they hold on no day")
            for is_told, severity, why in (
                (True, "info", f"which is {' or '.join(told)}"),
                (False, "warning", "the last one of the file, for nothing says which is newer"),
            ):
                named = [row[1] for row in rows if row[0] == is_told]
                if named:
                    more = f"; and {len(named) - NAMED} more" if len(named) > NAMED else ""
                    self.run.note(
                        severity,
                        f"{len(named)} rows are superseded by another row of the same key, {why}:"
                        f" {'; '.join(named[:NAMED])}{more}",
                        table=self.table.name,
                        file=part.file,
                    )

    def _keep_changed(self, delivery: str) -> None:
        """Remove rows that equal the newest loaded row of their key (and version)."""
        run, table = self.run, self.table
        raw = f"wh.{quote(run.spec.dataset)}.{quote(table.name)}"
        run.attach()
        try:
            if not run.rows(f"select count(*) from {raw}"):
                return
            # A row of an older version equals the loaded row of that version, not the newest one.
            same = [*table.key, *([table.version] if table.version else [])]
            given = run.columns[table.name]
            same_key = " and ".join(
                f"{self._value('d', name, given)} is not distinct from n.{quote(name)}"
                for name in same
            )
            was_told = " and ".join(
                f"{self._value('d', name, given)} is not distinct from r.{quote(name)}"
                for name in same
            )
            equal = " and ".join(
                f"{self._value('d', name, given)} is not distinct from"
                f" {self._value('n', name, set(run.raw_columns[table.name]))}"
                for name in sorted(given | set(run.raw_columns[table.name]))
            )
            partition = ", ".join(quote(name) for name in same)
            # A row that was gone and is back counts as new, and one that comes from elsewhere now.
            there = ""
            if table.delivery:
                origins = [(part.number, part.staged.file.origin) for part in self._parts]
                case = " ".join(f"when {n} then {text(o)}" for n, o in origins if o)
                origin = f"case d._part {case} end" if case else "null"
                there = f" and n._gone_load_id is null and n._origin is not distinct from {origin}"
            run.connection.execute(
                f"delete from {delivery} where rowid in (select d.rowid from {delivery} as d"
                f" join (select * from {raw} as r where exists (select 1 from {delivery} as d"
                f" where {was_told}) qualify row_number() over (partition by {partition}"
                f" order by _dlt_load_id desc, _source_line desc) = 1) as n"
                f" on {same_key} where {equal}{there})"
            )
        finally:
            run.detach()

    @staticmethod
    def _value(alias: str, name: str, present: set[str]) -> str:
        return f"{alias}.{quote(name)}" if name in present else "null"

    def _finish(self, delivery: str, parts: list[Part]) -> None:
        """Count what is left of a delivery and queue it for loading."""
        for part in parts:
            loaded = self.run.rows(f"select count(*) from {delivery} where _part = {part.number}")
            count = self.run.count(self.table.name, part.file)
            count.loaded += loaded
            count.unchanged -= loaded
            if loaded:
                self._queue(part, f"select * from {delivery} where _part = {part.number}")

    def _queue(self, part: Part, rows: str) -> None:
        """Queue rows for loading; they come in file order, as the work database keeps it."""
        columns = ", ".join(quote(name) for name in part.delivered)
        origin = part.staged.file.origin
        if origin and self.table.delivery:
            columns += f", {text(origin)} as _origin"
        self.queries.append((part.file, f"select {columns}, _line as _source_line from ({rows})"))

    # ---- append-only tables -----------------------------------------------------------------

    def appended(self) -> None:
        """Rows of new and changed files of a table that only ever grows."""
        if self._parts:
            self.run.deliveries[self.table.name] = Delivery(INCREMENT)
        fetched = [part for part in self._parts if part.staged.file.origin]
        if fetched:
            self._fetched(fetched)
        parts = [part for part in self._parts if part not in fetched]
        losers = self._repeated(parts) if self.table.rejects_duplicates else None
        for part, seen in self._seen_before(parts):
            good = part.good_rows()
            kept = part.counts.matched - part.counts.bad
            if losers:
                lost = f"select _line from {losers} where _part = {part.number}"
                good += f" and _line not in ({lost})"
                kept -= self.run.rows(f"select count(*) from ({lost})")
            loaded = kept
            if seen:
                delivery = f"delivery_{self.run.next_number()}"
                self.run.connection.execute(
                    f"create table {delivery} as select {part.number} as _part, * from ({good})"
                )
                self._remove_seen(part, delivery)
                good = f"select * from {delivery}"
                loaded = self.run.rows(f"select count(*) from {delivery}")
            count = self.run.count(self.table.name, part.file)
            count.loaded += loaded
            count.unchanged += kept - loaded
            if loaded:
                self._queue(part, good)

    def _fetched(self, parts: list[Part]) -> None:
        """Rows of files that a connector fetched, in which what it asked for twice is twice."""
        delivery = self._collect(parts)
        self._supersede(delivery, is_quiet=True)
        self._load_new(delivery, parts)

    def _seen_before(self, parts: list[Part]) -> list[tuple[Part, bool]]:
        """Parts, with whether rows of their file are in the raw table already."""
        run = self.run
        if not parts:
            return []
        names = ", ".join(text(part.file) for part in parts)
        raw = f"wh.{quote(run.spec.dataset)}.{quote(self.table.name)}"
        run.attach()
        try:
            found = run.connection.execute(
                f"select distinct _source_file from {raw} where _source_file in ({names})"
            ).fetchall()
        finally:
            run.detach()
        seen = {row[0] for row in found}
        return [(part, part.file in seen) for part in parts]

    def _remove_seen(self, part: Part, delivery: str) -> None:
        """Remove rows of a changed file that were loaded from it before, each as often."""
        run, table = self.run, self.table
        raw = f"wh.{quote(run.spec.dataset)}.{quote(table.name)}"
        given, kept = set(part.delivered), set(run.raw_columns[table.name])
        columns = sorted(given | kept)
        new = ", ".join(f"{self._value('d', name, given)} as {quote(name)}" for name in columns)
        old = ", ".join(f"{self._value('o', name, kept)} as {quote(name)}" for name in columns)
        names = ", ".join(quote(name) for name in columns)
        same = " and ".join(f"n.{quote(c)} is not distinct from m.{quote(c)}" for c in columns)
        run.attach()
        try:
            run.connection.execute(
                f"delete from {delivery} where _line in (select n._line from (select *,"
                f" row_number() over (partition by {names} order by _line) as _copy"
                f" from (select d._line, {new} from {delivery} as d)) as n"
                f" join (select *, row_number() over (partition by {names}) as _copy"
                f" from (select {old} from {raw} as o where _source_file = {text(part.file)}))"
                f" as m on n._copy = m._copy and {same})"
            )
        finally:
            run.detach()

    def _repeated(self, parts: list[Part]) -> str | None:
        """Rows whose key a row before has, over all files of the delivery."""
        run, table = self.run, self.table
        key = ", ".join(quote(name) for name in table.key)
        union = " union all ".join(
            f"select {part.number} as _part, _line, {key}"
            f"{', ' + quote(table.version) if table.version else ''}"
            f" from {part.view} where _matched and not _bad"
            for part in parts
        )
        if not parts or not run.rows(
            f"select count(*) from (select 1 from ({union}) group by {key} having count(*) > 1)"
        ):
            return None
        losers = f"losers_{run.next_number()}"
        newest = f"{quote(table.version)} desc nulls last, " if table.version else ""
        run.connection.execute(
            f"create table {losers} as select * from (select *, {self._kept()},"
            f" row_number() over w as _place, count(*) over (partition by {key}) as _rows"
            f" from ({union}) window w as (partition by {key} order by {newest}_part, _line"
            " rows between unbounded preceding and unbounded following)) where _place > 1"
        )
        self._write_duplicates(losers)
        return losers

    def drop(self) -> None:
        """Remove what is no longer needed from the work database."""
        for part in self._parts:
            part.drop()
