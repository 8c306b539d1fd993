"""Which raw tables another loader delivered, and reading them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.loads.adapters import AdaptedTable, Adapter, read_adapter
from orchestration.loads.files import InputFile
from orchestration.loads.landed import Landed
from orchestration.loads.landed_database import attached
from orchestration.loads.landed_query import LandedQuery, absent_relation
from orchestration.loads.landed_relation import MACROS
from orchestration.loads.mapping import suggestion
from orchestration.loads.model import FileError, LoadError
from orchestration.loads.part_plan import PartPlan
from orchestration.loads.plan import Plan
from orchestration.loads.reader import StagedFile
from orchestration.loads.run import LoadRun
from orchestration.loads.spec import TableSpec


@dataclass(frozen=True)
class LandedReading:
    """The landed relations of one raw table. Their place stands where files have their path."""

    file: InputFile
    adapter: Adapter
    table: AdaptedTable
    landed: Landed
    salt: str = ""

    def plan(self, run: LoadRun, table: TableSpec) -> PartPlan:
        """Bring what was landed into the work database in the shape of the raw table.

        Raises:
            FileError: Something it cannot do without is absent, or a value does not fit.
        """
        relation = f"landed_{run.next_number()}"
        place = self.file.relative
        try:
            with attached(run.connection, self.landed) as schema:
                query = LandedQuery(run.connection, self.adapter, self.landed, schema)
                sql = query.sql(self.table, table)
                run.connection.execute(f"create table {relation} as {sql}")
        except FileError as problem:
            problem.file = place
            raise
        except LoadError as problem:
            raise FileError(str(problem), file=place) from problem
        except duckdb.Error as problem:
            message = str(problem).strip().splitlines()[0]
            raise FileError(
                f"what {self.landed.loader} landed cannot be read as {table.source}.{table.name}:"
                f" {message}",
                file=place,
            ) from problem
        types = {
            row[0]: row[1]
            for row in run.connection.execute(f"describe {relation}").fetchall()
            if row[0] != "_line"
        }
        rows = run.rows(f"select count(*) from {relation}")
        staged = StagedFile(self.file, relation, types, {name: name for name in types}, rows)
        run.keep(staged, table.name)
        return PartPlan.by_name(table, staged)


def plan_by_landing(run: LoadRun, landed: Landed, vendor: str) -> Plan:
    """Match raw tables with what was landed; what is not there counts as not delivered."""
    plan = Plan()
    try:
        adapter = read_adapter(landed.loader, vendor)
        for name in (*dict(landed.tables), *dict(landed.columns)):
            _check_said(adapter, landed, name)
        for macro in MACROS:
            run.connection.execute(macro)
        with attached(run.connection, landed) as schema:
            query = LandedQuery(run.connection, adapter, landed, schema)
            for name, _ in landed.tables:
                if query.find(name).name is None:
                    raise LoadError(absent_relation(query, adapter, landed, name))
            read: set[str] = set()
            for table in _spoken_for(run, adapter, landed):
                missing = query.missing(table)
                if not missing:
                    place = f"{landed.schema}.{query.place_of(table)}"
                    plan.readings[table.name] = [_reading(adapter, table, landed, place)]
                    read |= set(adapter.reads(f"select 1 from {table.source}")[0])
                elif table.required:
                    plan.failed.add(table.name)
                    said = absent_relation(query, adapter, landed, missing[0])
                    run.note("error", said, table=table.name)
            for name in sorted(read):
                relation = query.find(name)
                if relation.name is None and relation.relation.without:
                    run.note(
                        "warning",
                        f"{landed.schema}.{name} was not landed: {relation.relation.without}."
                        f" {landed.remedy(name)}",
                    )
            for limit in adapter.limits:
                if rows := query.limited(limit):
                    place = f"{landed.schema}.{limit.relation}"
                    run.note("warning", f"{rows} rows of {place} {limit.says}")
    except LoadError as problem:
        run.note("error", str(problem))
        return Plan(failed=set(run.spec.tables))
    return plan


def _spoken_for(run: LoadRun, adapter: Adapter, landed: Landed) -> list[AdaptedTable]:
    """The tables of the domains that the vendor speaks for."""
    return [
        table
        for name, table in adapter.tables.items()
        if landed.domains is None or run.spec.tables[name].domain in landed.domains
    ]


def _reading(adapter: Adapter, table: AdaptedTable, landed: Landed, place: str) -> LandedReading:
    file = InputFile(Path(landed.shown), place, "landed", gzipped=False)
    return LandedReading(file, adapter, table, landed)


def _check_said(adapter: Adapter, landed: Landed, name: str) -> None:
    """See that what a company says about names is about something there is."""
    if name in dict(landed.tables) and name not in adapter.relations:
        raise LoadError(
            f"company.yml names a table '{name}', which is none that {landed.loader} lands of"
            f" {adapter.vendor}{suggestion(name, adapter.relations)}"
        )
    if name in dict(landed.columns) and name not in adapter.tables:
        raise LoadError(
            f"company.yml names columns of '{name}', which is no raw table of {adapter.vendor}"
            f"{suggestion(name, adapter.tables)}"
        )
