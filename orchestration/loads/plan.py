"""Which files are read for which table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from orchestration.loads.files import InputFile, list_files, tables_by_name
from orchestration.loads.part_plan import PartPlan
from orchestration.loads.run import LoadRun
from orchestration.loads.settings import AS_WRITTEN, FileSettings
from orchestration.loads.spec import TableSpec


class Reading(Protocol):
    """A file that is to be read for a table, and how."""

    @property
    def file(self) -> InputFile:
        """The file."""
        ...

    @property
    def salt(self) -> str:
        """What else than the file decides its rows."""
        ...

    def plan(self, run: LoadRun, table: TableSpec) -> PartPlan:
        """Bring the file into the work database and say where each column comes from."""
        ...


@dataclass(frozen=True)
class NamedReading:
    """A file whose name is the table's and whose columns have the table's names."""

    file: InputFile
    reading: FileSettings = AS_WRITTEN

    @property
    def salt(self) -> str:
        """What else than the file decides its rows."""
        return "" if self.reading == AS_WRITTEN else self.reading.model_dump_json()

    def plan(self, run: LoadRun, table: TableSpec) -> PartPlan:
        """Columns by name."""
        json_columns = frozenset(c.name for c in table.columns.values() if c.type == "json")
        return PartPlan.by_name(table, run.staged(self.file, json_columns, self.reading))


@dataclass
class Plan:
    """What is read for each table.

    Attributes:
        readings: Files per table.
        unmapped: Files no table takes.
        left: Files of tables that the folder does not speak for.
        failed: Tables that somebody who should bring them cannot, as a message says.
        used: Columns a mapping reads, per file.
        defaults: How a file is read of which nothing else is said.
        delivery: How a table is delivered (full or increment) where the mapping says so.
    """

    readings: dict[str, list[Reading]] = field(default_factory=dict)
    unmapped: list[InputFile] = field(default_factory=list)
    left: list[InputFile] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    used: dict[str, set[str]] = field(default_factory=dict)
    defaults: FileSettings = AS_WRITTEN
    delivery: dict[str, str] = field(default_factory=dict)

    def add(self, other: Plan) -> None:
        """Read for each table what another plan reads, too."""
        for table, readings in other.readings.items():
            self.readings.setdefault(table, []).extend(readings)
        self.failed |= other.failed


def plan_by_name(run: LoadRun) -> Plan:
    """Match files and tables by name."""
    plan = Plan()
    for file, table in tables_by_name(list_files(run.request.folder), run.spec):
        if table is None:
            plan.unmapped.append(file)
        elif not run.spec.tables[table].is_of(run.request.folder_domains):
            plan.left.append(file)
        else:
            plan.readings.setdefault(table, []).append(NamedReading(file))
    return plan
