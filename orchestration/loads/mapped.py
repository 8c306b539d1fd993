"""Applying a mapping: which file is read for which entity, and how."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestration.loads.files import InputFile, list_files, tables_by_name
from orchestration.loads.mapping import Entry, Lookup, Mapping
from orchestration.loads.model import FileError, Landing
from orchestration.loads.part_plan import PartPlan
from orchestration.loads.plan import NamedReading, Plan
from orchestration.loads.run import LoadRun
from orchestration.loads.settings import FileSettings
from orchestration.loads.spec import TableSpec
from orchestration.loads.staged import StagedFile
from orchestration.loads.translator import Translator
from orchestration.settings_file import suggestion

# So many files are named in a message.
NAMED = 5


@dataclass
class MappedFiles:
    """The files of a folder as a mapping sees them.

    Attributes:
        files: All data files.
        defaults: How a file is read whose entry says nothing else.
        used: Columns that are read, by file.
        readers: Who reads a file.
        translators: Of those who read, with their file, once it is in the work database.
        taken: Paths that an entry names.
    """

    files: list[InputFile]
    defaults: FileSettings = field(default_factory=FileSettings)
    used: dict[str, set[str]] = field(default_factory=dict)
    readers: dict[str, list[MappedReading]] = field(default_factory=dict)
    translators: dict[MappedReading, tuple[Translator, StagedFile]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def matching(self, wanted: Entry | Lookup) -> list[InputFile]:
        """Files named by a ``from``: a path, a folder or a pattern.

        Raises:
            FileError: There is none, or it has several parts and none is named.
        """
        pattern = wanted.source.strip("/")
        sheet = wanted.over(self.defaults).sheet
        there = [
            file
            for file in self.files
            if _fits(file.relative, pattern)
            or _fits(file.container, pattern)
            or file.relative.startswith(f"{pattern}/")
        ]
        if not there:
            names = [file.relative for file in self.files]
            raise FileError(
                f"the mapping reads '{wanted.source}', which is not in the folder"
                f"{suggestion(wanted.source, names)}",
                file=wanted.source,
            )
        by_sheet = {file.path for file in there if sheet and file.part == sheet}

        def is_meant(file: InputFile) -> bool:
            if file.part is not None and file.relative == pattern:
                return True
            if sheet:
                return file.part == sheet or (file.part is None and file.path not in by_sheet)
            return not file.is_aside

        found = list(filter(is_meant, there))
        parts = [
            file.container
            for file in found
            if _fits(file.container, pattern) and not _fits(file.relative, pattern)
        ]
        if not found or (not sheet and len(parts) > len(set(parts))):
            named = ", ".join(f"'{file.part}'" for file in found or there if file.part)
            what = f"has no sheet '{sheet}'" if sheet else "has several parts"
            raise FileError(f"'{wanted.source}' {what}; write sheet: {named}", file=wanted.source)
        return found

    def looked_up(self, lookup: Lookup) -> InputFile:
        """The file of a lookup.

        Raises:
            FileError: There is none, or not just one.
        """
        found = self.matching(lookup)
        if len(found) > 1:
            names = ", ".join(file.relative for file in found[:NAMED])
            raise FileError(
                f"a lookup looks into one file, and '{lookup.source}' is {len(found)} ({names}, …);"
                " name one of them",
                file=lookup.source,
            )
        return found[0]

    def use(self, file: InputFile, column: str) -> None:
        """Note that a column of a file is read."""
        self.used.setdefault(file.relative, set()).add(column)


def _fits(path: str, pattern: str) -> bool:
    return path == pattern or fnmatch.fnmatch(path, pattern)


@dataclass(frozen=True, eq=False)
class MappedReading:
    """A file that a mapping reads for an entity."""

    file: InputFile
    table: TableSpec
    entry: Entry
    files: MappedFiles
    salt: str

    def plan(self, run: LoadRun, table: TableSpec) -> PartPlan:
        """Bring the file and its lookups in and translate the mapping's columns to SQL."""
        translator, staged = self._translator(run)
        plan = PartPlan(table, staged, {}, reading=staged.reading)
        staged.refuse_repeated(name for name in table.columns if name not in self.entry.columns)
        for name in table.columns:
            column = self.entry.columns.get(name)
            if name not in self.entry.columns:
                if name in staged.columns:
                    plan.values[name] = translator.named(name, f"columns.{name}")
                continue
            translator.column(plan, name, column)
        if self.entry.where:
            plan.where = translator.sql(self.entry.where, "where")
            plan.taken = self._taken_by_others(run)
        translator.shape(plan, self.entry.distinct)
        if plan.taken:
            plan.joins += f" left join {plan.taken} as _taken on _taken._line = s._line"
        return plan

    def _translator(self, run: LoadRun) -> tuple[Translator, StagedFile]:
        if self in self.files.translators:
            return self.files.translators[self]
        staged = run.staged(self.file, frozenset(), self.entry.over(self.files.defaults))
        lookups = {}
        for alias, lookup in self.entry.lookups.items():
            file = self.files.looked_up(lookup)
            lookups[alias] = run.staged(file, frozenset(), lookup.over(self.files.defaults))
        place = f"files.{self.table.name}"
        made = Translator(run, self.entry, place, staged, lookups, self.files.use), staged
        self.files.translators[self] = made
        return made

    def _taken_by_others(self, run: LoadRun) -> str | None:
        """A work table of the lines that other entries take: what is theirs is not left over."""
        queries = []
        for other in self.files.readers[self.file.relative]:
            if other is self:
                continue
            try:
                translator, staged = other._translator(run)
                where = "true"
                if other.entry.where:
                    where = f"try(cast(({translator.sql(other.entry.where, 'where')}) as boolean))"
            except FileError:  # It is told where that entity is read.
                continue
            queries.append(
                f"select s._line from {staged.relation} as s {translator.joins} where {where}"
            )
        if not queries:
            return None
        name = f"taken_{run.next_number()}"
        run.connection.execute(f"create table {name} as {' union '.join(queries)}")
        return name


def plan_by_mapping(run: LoadRun, mapping: Mapping) -> Plan:
    """The plan of a mapping; files it does not name are still taken by their own name."""
    files = MappedFiles(list_files(run.request.folder), mapping.reading)
    plan = Plan(delivery=dict(mapping.delivery), defaults=mapping.reading)
    for entity, entries in mapping.files.items():
        for entry in entries:
            try:
                _take(run, plan, files, entity, entry)
            except FileError as problem:
                # What the folder does not speak for is no fault.
                if run.spec.tables[entity].is_of(run.request.folder_domains):
                    plan.failed.add(entity)
                    run.note("error", problem.text, table=entity, file=problem.file)
    for file, table in tables_by_name(files.files, run.spec, mapping.reading.sheet):
        if file.relative in files.taken:
            continue
        if table is None or table in mapping.files:
            plan.unmapped.append(file)
        elif not run.spec.tables[table].is_of(run.request.folder_domains):
            plan.left.append(file)
        else:
            plan.readings.setdefault(table, []).append(NamedReading(file, mapping.reading))
    for entity in plan.failed:
        plan.readings.pop(entity, None)
    plan.used = files.used
    return plan


def _take(run: LoadRun, plan: Plan, files: MappedFiles, entity: str, entry: Entry) -> None:
    """Plan the files of an entry, and note all that it takes.

    Raises:
        FileError: One that it names is not there.
    """
    salt, table = _salt(run, files, entry), run.spec.tables[entity]
    for lookup in entry.lookups.values():
        files.taken.add(files.looked_up(lookup).relative)
    for file in files.matching(entry):
        files.taken.add(file.relative)
        reading = MappedReading(file, table, entry, files, salt)
        files.readers.setdefault(file.relative, []).append(reading)
        if table.is_of(run.request.folder_domains):
            plan.readings.setdefault(entity, []).append(reading)
        else:
            plan.left.append(file)


def plan_by_adapter(run: LoadRun, landing: Landing, mapping: dict[str, Any]) -> Plan:
    """What an adapter's mapping reads of the files that a connector fetched."""
    landed, plan = landing.landed, Plan()
    files = MappedFiles(
        [
            replace(file, relative=f"{landing.system}/{file.relative}", origin=landing.system)
            for file in list_files(Path(landed.database))
        ]
    )
    for entity, body in mapping.items():
        table = run.spec.tables[entity]
        folder = f"{landing.system}/{body['from']}"
        # Where nothing was fetched nothing was delivered.
        is_there = any(file.relative.startswith(f"{folder}/") for file in files.files)
        if not is_there or not table.is_of(landing.domains):
            continue
        said = {name: {"sql": sql} for name, sql in landed.columns_of(entity).items()}
        columns = {**body["columns"], **said}
        entry = Entry.model_validate({**body, "from": folder, "columns": columns})
        salt = _salt(run, files, entry)
        for file in files.matching(entry):
            reading = MappedReading(file, table, entry, files, salt)
            files.readers.setdefault(file.relative, []).append(reading)
            plan.readings.setdefault(entity, []).append(reading)
    return plan


def _salt(run: LoadRun, files: MappedFiles, entry: Entry) -> str:
    """What else than the file itself decides its rows: the mapping and the lookups."""
    lookups = [run.fingerprint(files.looked_up(each).path) for each in entry.lookups.values()]
    return "\n".join([entry.model_dump_json(), files.defaults.model_dump_json(), *lookups])


def unmapped_columns(run: LoadRun, plan: Plan) -> Iterator[tuple[StagedFile, list[str]]]:
    """Mapped files with the columns that no entity and no lookup reads."""
    relatives = {
        reading.file.relative
        for readings in plan.readings.values()
        for reading in readings
        if isinstance(reading, MappedReading) and reading.file.origin is None
    }
    for staged in run.staged_files():
        if staged.file.relative in relatives:
            used = plan.used.get(staged.file.relative, set())
            left = [header for column, header in staged.headers.items() if column not in used]
            if left:
                yield staged, left
