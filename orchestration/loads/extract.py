"""The rows of one table that are to be loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from orchestration.loads.landed_plan import plan_by_landing
from orchestration.loads.mapped import MappedReading, plan_by_mapping
from orchestration.loads.mapping import read_mapping
from orchestration.loads.model import EmptyFileError, FileError, Landing, LoadError
from orchestration.loads.plan import Plan, Reading, plan_by_name
from orchestration.loads.run import LoadRun
from orchestration.loads.spec import TableSpec
from orchestration.loads.tables import TableLoad


def new_rows(run: LoadRun, table: TableSpec) -> Iterator[pa.Table]:
    """Arrow batches of the rows that are new or changed; a file problem gives none at all."""
    plan = make_plan(run)
    run.attempted.add(table.name)
    load = TableLoad(run, table)
    readings = plan.readings.get(table.name, [])
    try:
        for reading in readings:
            try:
                _read(run, table, load, reading)
            except FileError as problem:
                # Of several that bring a table a landing fails alone; files are one delivery.
                if reading.file.origin is None:
                    raise
                run.note(
                    "error",
                    problem.text,
                    table=table.name,
                    file=problem.file,
                    column=problem.column,
                )
        load.report_pages()
        if table.append_only:
            load.appended()
        else:
            load.keyed()
    except FileError as problem:
        _give_up(run, table, problem)
        return
    loaded = 0
    for file, query in load.queries:
        for batch in run.stream(query, file):
            loaded += batch.num_rows
            yield batch
    run.loaded[table.name] = loaded
    load.drop()
    # What a mapping reads, its other entries may read too.
    run.forget({r.file.relative for r in readings if not isinstance(r, MappedReading)})


def make_plan(run: LoadRun) -> Plan:
    """The plan of the load, made once; a mapping that cannot be read is an error message."""
    if run.plan is None:
        run.plan = _own_plan(run)
        for landing in run.request.landings:
            run.plan.add(plan_by_landing(run, landing))
    return run.plan


def _own_plan(run: LoadRun) -> Plan:
    """What is read of the source itself."""
    if run.request.landed is not None:
        return plan_by_landing(run, Landing(run.spec.name, run.request.landed))
    if not run.request.reads_folder:
        return Plan()
    plan = _folder_plan(run)
    read = {reading.file for readings in plan.readings.values() for reading in readings}
    names = dict.fromkeys(file.relative for file in plan.left if file not in read)
    if names:
        told = ", ".join(sorted(run.request.folder_domains or ()))
        run.note("info", f"files speak for {told} alone, so these are not read: {', '.join(names)}")
    return plan


def _folder_plan(run: LoadRun) -> Plan:
    path = run.request.mapping_file
    if path is None:
        return plan_by_name(run)
    try:
        mapping = read_mapping(path, run.spec)
    except LoadError as problem:
        run.note("error", str(problem), file=path.name)
        return Plan(failed=set(run.spec.tables))
    return plan_by_mapping(run, mapping)


def _read(run: LoadRun, table: TableSpec, load: TableLoad, reading: Reading) -> None:
    """Read one file for a table, unless it is known or empty."""
    file = reading.file.relative
    if table.append_only or run.request.is_dated:
        try:
            digest = _digest(run, table, reading)
        except OSError as problem:
            raise FileError(f"the file cannot be opened: {problem}", file=file) from problem
        run.fingerprints[table.name, file] = digest
        known = run.known_files.get((table.name, file))
        if known and known[0] == digest:
            run.counts[table.name, file] = known[1]
            run.skipped.append((table.name, file))
            return
    try:
        load.add(reading.plan(run, table))
    except EmptyFileError as problem:
        if table.name in run.required_tables:
            raise
        load.empty_files.append(file)
        run.note(
            "warning",
            "the file is empty, so it counts as not delivered; export it again or remove it",
            table=table.name,
            file=problem.file,
        )


def _digest(run: LoadRun, table: TableSpec, reading: Reading) -> str:
    """What decides the rows a file gives: its bytes, the declared columns, the mapping."""
    declared = ", ".join(f"{c.name} {c.type} {c.required}" for c in table.columns.values())
    return run.fingerprint(reading.file.path, declared, reading.salt)


def _give_up(run: LoadRun, table: TableSpec, problem: FileError) -> None:
    """Leave a table as it was and say why."""
    run.note("error", problem.text, table=table.name, file=problem.file, column=problem.column)
    for name, file in list(run.counts):
        if name == table.name:
            del run.counts[name, file]
    for name, file in list(run.fingerprints):
        if name == table.name:
            del run.fingerprints[name, file]
    run.columns.pop(table.name, None)
    run.connection.execute("delete from rejects where source_table = ?", [table.name])
