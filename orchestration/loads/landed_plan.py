"""Which raw tables another loader delivered, and reading them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.loads.adapters import AdaptedTable, Adapter, filled_tables, read_adapter
from orchestration.loads.files import InputFile
from orchestration.loads.landed import Landed
from orchestration.loads.landed_database import attached, refuse_own_schema
from orchestration.loads.landed_query import LandedQuery, absent_relation
from orchestration.loads.landed_relation import MACROS
from orchestration.loads.mapped import plan_by_adapter
from orchestration.loads.model import FileError, Landing, LoadError
from orchestration.loads.part_plan import PartPlan
from orchestration.loads.plan import Plan
from orchestration.loads.reader import StagedFile
from orchestration.loads.run import LoadRun
from orchestration.loads.spec import TableSpec
from orchestration.settings_file import suggestion


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
            message = self.landed.redacted(str(problem)).strip().splitlines()[0]
            raise FileError(
                f"what {self.landed.loader} landed cannot be read as {table.source}.{table.name}:"
                f" {message}",
                file=place,
            ) from None
        types = {
            row[0]: row[1]
            for row in run.connection.execute(f"describe {relation}").fetchall()
            if row[0] != "_line"
        }
        rows = run.rows(f"select count(*) from {relation}")
        staged = StagedFile(self.file, relation, types, {name: name for name in types}, rows)
        run.keep(staged, table.name)
        return PartPlan.by_name(table, staged)


def plan_by_landing(run: LoadRun, landing: Landing) -> Plan:
    """Match raw tables with what was landed; what is not there counts as not delivered."""
    landed, system = landing.landed, landing.system
    try:
        refuse_own_schema(landed, system, run.request.warehouse)
        adapter = read_adapter(landed.loader, system)
        for name in (*dict(landed.tables), *dict(landed.columns)):
            _check_said(adapter, landed, name)
        for macro in MACROS:
            run.connection.execute(macro)
        with attached(run.connection, landed) as schema:
            query = LandedQuery(run.connection, adapter, landed, schema)
            for name, _ in landed.tables:
                if query.find(name).name is None:
                    raise LoadError(absent_relation(query, adapter, landed, name))
            plan = _tables(run, landing, adapter, query)
            _warn(run, landing, adapter, query, plan)
        if adapter.mapping:
            plan.add(plan_by_adapter(run, landing, adapter.mapping))
        return plan
    except (LoadError, duckdb.Error) as problem:
        named = "" if system == run.spec.name else f"{system}: "
        run.note("error", named + landed.redacted(str(problem)))
        filled = filled_tables(system).get(run.spec.name, set())
        return Plan(failed={t for t in filled if run.spec.tables[t].is_of(landing.domains)})


def _tables(run: LoadRun, landing: Landing, adapter: Adapter, query: LandedQuery) -> Plan:
    """The raw tables that were landed, of the domains that the system speaks for."""
    plan, landed = Plan(), landing.landed
    others: list[str] = []
    for table in adapter.tables.values():
        missing = query.missing(table)
        if not run.spec.tables[table.name].is_of(landing.domains):
            others += [table.name] if not missing else []
        elif not missing:
            place = f"{landed.schema}.{query.place_of(table)}"
            origin = None if landing.system == run.spec.name else landing.system
            file = InputFile(Path(landed.shown), place, "landed", origin=origin)
            plan.readings[table.name] = [LandedReading(file, adapter, table, landed)]
        elif table.required:
            plan.failed.add(table.name)
            said = absent_relation(query, adapter, landed, missing[0])
            run.note("error", said, table=table.name)
        else:
            _warn_of_parts(run, landed, adapter, query, table)
    if others:
        told, names = ", ".join(sorted(landing.domains or ())), ", ".join(others)
        run.note(
            "info", f"{landing.system} speaks for {told} alone, so of it are not read: {names}"
        )
    return plan


def _warn_of_parts(
    run: LoadRun, landed: Landed, adapter: Adapter, query: LandedQuery, table: AdaptedTable
) -> None:
    """Say so where some of what a raw table is made of was landed, but not enough of it."""
    needed = (*table.needs, *table.needs_one_of)
    missing = [name for name in query.missing(table) if not adapter.relations[name].without]
    if missing and any(query.find(name).name for name in needed):
        each = [f"{landed.schema}.{name}" for name in missing if name in table.needs]
        others = [f"{landed.schema}.{name}" for name in missing if name in table.needs_one_of]
        each += [f"one of {', '.join(others)}"] if others else []
        run.note(
            "warning",
            f"{adapter.vendor}.{table.name} is not delivered without {' and '.join(each)}. Select"
            f" the table in {landed.loader}",
            table=table.name,
        )


def _warn(run: LoadRun, landing: Landing, adapter: Adapter, query: LandedQuery, plan: Plan) -> None:
    """Say what is not known because a relation, or a part of one, was not landed."""
    landed = landing.landed
    wanted: set[str] = set()
    for table in adapter.tables.values():
        if table.name in plan.readings:
            wanted |= set(adapter.reads(f"select 1 from {table.source}")[0])
        elif plan.readings and run.spec.tables[table.name].is_of(landing.domains):
            wanted |= {*table.needs, *table.needs_one_of}
    for name in sorted(wanted):
        relation = query.find(name).relation
        stands_in = relation.unless and query.find(relation.unless[0]).has(relation.unless[1])
        if query.find(name).name is None and relation.without and not stands_in:
            run.note(
                "warning",
                f"{landed.schema}.{name} was not landed: {relation.without}. {landed.remedy(name)}",
            )
    for limit in adapter.limits:
        if rows := query.limited(limit):
            place = f"{landed.schema}.{limit.relation}"
            run.note("warning", f"{rows} rows of {place} {limit.says}")


def _check_said(adapter: Adapter, landed: Landed, name: str) -> None:
    """See that what a company says about names is about something there is."""
    if name in dict(landed.tables) and name not in adapter.relations:
        raise LoadError(
            f"company.yml names a table '{name}', which is none that {landed.loader} lands of"
            f" {adapter.vendor}{suggestion(name, adapter.relations)}"
        )
    if name in dict(landed.columns) and name not in adapter.filled:
        raise LoadError(
            f"company.yml names columns of '{name}', which is no raw table of {adapter.vendor}"
            f"{suggestion(name, adapter.filled)}"
        )
