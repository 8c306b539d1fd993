"""The end of a load: counts, rejects and messages go into the warehouse."""

from __future__ import annotations

import duckdb

from orchestration.database import quote, text
from orchestration.loads.business_time import note_business_days
from orchestration.loads.extract import make_plan
from orchestration.loads.files import linked_files, misnamed_files, unreadable_files
from orchestration.loads.mapped import unmapped_columns
from orchestration.loads.model import (
    NO_TABLE,
    NOT_READ,
    ROWS_REJECTED,
    UNUSED_COLUMNS,
    FileCount,
    FileError,
    LoadError,
    LoadReport,
    Message,
    TableCount,
)
from orchestration.loads.reader import count_records
from orchestration.loads.references import unknown_references
from orchestration.loads.run import LoadRun
from orchestration.loads.warehouse import ensure_tables
from orchestration.loads.whole import settle_deliveries

COUNT_NAMES = ("read", "loaded", "unchanged", "rejected", "unmapped")


def finish(run: LoadRun) -> LoadReport:
    """Write what the load found to the warehouse and report it.

    Raises:
        LoadError: Something could not be loaded at all; everything else is.
    """
    run.prepare(run.load_id)
    try:
        _missing_tables(run)
        _rejected_rows(run)
        _unmapped_files(run)
        _unmapped_columns(run)
        _columns_changed(run)
        run.connection.execute(f"attach {text(run.request.warehouse)} as wh; use wh")
        run.connection.begin()
        try:
            ensure_tables(run.connection, run.spec)
            run.messages += unknown_references(run)
            _check(run)
            settle_deliveries(run)
            _write(run)
            run.connection.commit()
        except BaseException:
            run.connection.rollback()
            raise
        finally:
            run.connection.execute("use memory; detach wh")
    finally:
        run.close()
    report = LoadReport(run.spec.name, _table_counts(run), list(run.messages))
    errors = [message for message in report.messages if message.severity == "error"]
    if errors:
        raise LoadError(_error_text(run, errors))
    return report


def _missing_tables(run: LoadRun) -> None:
    if run.request.landed is not None:
        # What a landing lacks is said while it is planned.
        make_plan(run)
        return
    if run.request.reads_folder and not run.request.folder.is_dir():
        run.note("error", f"the folder {run.request.folder} does not exist; check the path")
        if not run.request.landings:
            return
    plan = make_plan(run)
    for table in run.required_tables:
        if not plan.readings.get(table) and table not in plan.failed:
            found = ", ".join(file.relative for file in plan.unmapped) or "no other files"
            systems = [landing.system for landing in run.request.landings]
            brought = f", and it is not of what {' and '.join(systems)} bring" if systems else ""
            run.note(
                "error",
                f"required table {table} is missing: no file {table}.csv, .xlsx, .parquet or "
                f".jsonl and no mapping for it (found {found}){brought}; add the file or map it in "
                "mapping.yml",
                table=table,
            )


def _rejected_rows(run: LoadRun) -> None:
    """Say how many rows of each file were rejected, with the first one as an example."""
    found = run.connection.execute(
        "select source_table, source_file, count(*), min_by(source_line, source_line),"
        " min_by(reason, source_line) from rejects group by all order by all"
    ).fetchall()
    for table, file, rows, line, reason in found:
        read = run.counts[table, file].read
        run.note(
            "warning",
            f"{rows} of {read} {ROWS_REJECTED} (line {line}: {reason}); all of them are in "
            f"{run.spec.dataset}.rejects",
            table=table,
            file=file,
        )


def _unmapped_files(run: LoadRun) -> None:
    """Say how many rows of files that belong to no table are left out."""
    if run.plan is None or not run.request.reads_folder:
        return
    # A vendor's export holds more than is used here; a file of one's own should be used.
    severity = "warning" if run.spec.name == "files" else "info"
    for path in misnamed_files(run.request.folder):
        # The files of a folder are those of a table: without one the table is not whole.
        run.note(
            "error" if len(path.parts) > 1 else severity,
            "the file's name is not UTF-8, so the file is not read; rename it",
            file=str(path).encode(errors="backslashreplace").decode(),
        )
    for path in linked_files(run.request.folder):
        run.note(
            "error" if len(path.parts) > 1 else severity,
            "this is a link that leads out of the folder, so it is not read; copy what it names",
            file=str(path).encode(errors="backslashreplace").decode(),
        )
    for name in unreadable_files(run.request.folder):
        advice = f"{NOT_READ}; export it as CSV, .xlsx, Parquet or JSON lines"
        run.note(severity, advice, file=name)
    for file in run.plan.unmapped:
        try:
            rows = count_records(run.connection, file, run.folder, run.plan.defaults)
        except (FileError, OSError, duckdb.Error) as problem:
            run.note(severity, f"{NO_TABLE}; {problem}", file=file.relative)
            continue
        count = run.count(None, file.relative)
        count.read += rows
        count.unmapped += rows
        run.note(
            severity,
            f"{NO_TABLE}, so its {rows} rows are not loaded; rename it to a table "
            "or map it in mapping.yml",
            file=file.relative,
        )


def _unmapped_columns(run: LoadRun) -> None:
    """Say which columns of mapped files are not used, once every table was read."""
    if run.plan is None or run.request.landed or run.plan.readings.keys() - run.attempted:
        return
    for staged, headers in unmapped_columns(run, run.plan):
        run.note(
            "info",
            f"{UNUSED_COLUMNS} ({staged.records} rows): {', '.join(headers)}",
            file=staged.file.relative,
        )


def _columns_changed(run: LoadRun) -> None:
    """Report columns that are new or gone since the last load of a table."""
    for table, columns in run.columns.items():
        known = run.known_columns.get(table, set())
        declared = set(run.spec.tables[table].columns)
        new = sorted(columns - declared - known)
        if new:
            run.note(
                "info",
                f"columns of table {table} that are new, kept as text in the raw table and used"
                f" nowhere: {', '.join(new)}; declare what you need in"
                f" orchestration/raw_tables/{run.spec.name}.yml",
                table=table,
                file=run.column_files[table, new[0]],
            )
        # A file of a connector holds what is new, and of that only the fields it has.
        gone = [] if run.request.is_dated else sorted(known - columns)
        if gone:
            run.note(
                "warning",
                f"table {table} had {', '.join(gone)} in the last delivery, and now has not: what"
                " is gone is empty from now on. Check the export if that was not meant",
                table=table,
            )


def _check(run: LoadRun) -> None:
    """Hold the counts against each other and against the raw tables."""
    for (table, file), count in run.counts.items():
        if not count.adds_up():
            raise LoadError(f"{run.spec.name}.{table}, {file}: the counts do not add up: {count}")
    for table, rows in run.loaded.items():
        counted = sum(c.loaded for (name, _), c in run.counts.items() if name == table)
        found = 0
        if rows:
            found = run.rows(
                f"select count(*) from {quote(run.spec.dataset)}.{quote(table)}"
                f" where _dlt_load_id = {text(run.load_id)}"
            )
        if not counted == rows == found:
            raise LoadError(
                f"{run.spec.name}.{table}: {counted} rows were counted as new, {rows} were sent "
                f"and {found} are in the raw table; load again"
            )


def _write(run: LoadRun) -> None:
    connection, request, source = run.connection, run.request, run.spec.name
    now = run.now()
    _write_rejects(connection, run)
    for (table, file), count in sorted(run.counts.items(), key=lambda item: item[0][1]):
        connection.execute(
            "insert into raw_loads.file_counts values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [request.run_id, now, source, table, file, *_numbers(count)],
        )
    for message in run.messages:
        connection.execute(
            "insert into raw_loads.messages values (?, ?, ?, ?, ?, ?, ?)",
            [
                request.run_id,
                message.severity,
                source,
                message.table,
                message.file,
                message.column,
                message.text,
            ],
        )
    if not any(message.severity == "error" for message in run.messages):
        _write_table_loads(connection, run)
    note_business_days(connection, run)
    _remember(connection, run)


def _write_table_loads(connection: duckdb.DuckDBPyConnection, run: LoadRun) -> None:
    """Note every table of what the source speaks for, also those that nothing came of."""
    request, source = run.request, run.spec.name
    connection.execute(
        "delete from raw_loads.table_loads where run_id = ? and source = ?",
        [request.run_id, source],
    )
    for table in run.spec.tables.values():
        if not table.is_of(request.domains):
            continue
        connection.execute(
            "insert into raw_loads.table_loads by name select ? as run_id, ? as loaded_at,"
            " ? as source, ? as source_table, ? as delivery, ? as is_vital, ? as is_stream,"
            f" (select sum(rows_gone) from {quote(run.spec.dataset)}.deliveries"
            "  where load_id = ? and source_table = ?) as rows_gone",
            [
                request.run_id,
                run.now(),
                source,
                table.name,
                run.kind_of(table),
                table.name in run.spec.vital_tables,
                table.happened_at is not None,
                run.load_id,
                table.name,
            ],
        )


def _write_rejects(connection: duckdb.DuckDBPyConnection, run: LoadRun) -> None:
    """Add new rejects; a row that is still bad is kept once and carries the newest run's id."""
    rejects, run_id = f"{quote(run.spec.dataset)}.rejects", run.request.run_id
    same = (
        "k.source_table is not distinct from r.source_table and k.source_file = r.source_file"
        " and k.source_line is not distinct from r.source_line and k.reason = r.reason"
        " and k.raw_text is not distinct from r.raw_text"
    )
    connection.execute(
        f"update {rejects} as k set run_id = ? from memory.rejects as r where {same}", [run_id]
    )
    connection.execute(
        f"insert into {rejects} by name select ? as rejected_at, ? as run_id, r.*"
        f" from memory.rejects as r where not exists (select 1 from {rejects} as k where {same})",
        [run.now(), run_id],
    )
    for table, file in run.skipped:
        connection.execute(
            f"update {rejects} set run_id = ? where source_table = ? and source_file = ?",
            [run_id, table, file],
        )


def _remember(connection: duckdb.DuckDBPyConnection, run: LoadRun) -> None:
    """Keep what the next load compares with: append-only files and the columns delivered."""
    source, run_id = run.spec.name, run.request.run_id
    for (table, file), digest in run.fingerprints.items():
        count = run.counts.get((table, file))
        known = run.known_files.get((table, file))
        if count is None or (known and known[0] == digest):
            continue
        connection.execute(
            "delete from raw_loads.delivered_files"
            " where source = ? and source_table = ? and source_file = ?",
            [source, table, file],
        )
        connection.execute(
            "insert into raw_loads.delivered_files values (?, ?, ?, ?, ?, ?, ?, ?)",
            [source, table, file, digest, count.read, count.rejected, count.unmapped, run_id],
        )
    for table, delivered in run.columns.items():
        known_columns = run.known_columns.get(table, set())
        columns = delivered | known_columns if run.request.is_dated else delivered
        if columns == known_columns:
            continue
        connection.execute(
            "delete from raw_loads.delivered_columns where source = ? and source_table = ?",
            [source, table],
        )
        for column in sorted(columns):
            connection.execute(
                "insert into raw_loads.delivered_columns values (?, ?, ?, ?)",
                [source, table, column, run_id],
            )


def _numbers(count: FileCount) -> list[int]:
    return [getattr(count, name) for name in COUNT_NAMES]


def _table_counts(run: LoadRun) -> list[TableCount]:
    counts = []
    for table in run.spec.tables:
        files = [count for (name, _), count in run.counts.items() if name == table]
        sums = [sum(getattr(count, name) for count in files) for name in COUNT_NAMES]
        counts.append(TableCount(table, len(files), *sums))
    return counts


def _error_text(run: LoadRun, errors: list[Message]) -> str:
    lines = [f"{run.spec.name}: {len(errors)} problem(s); everything else was loaded."]
    for error in errors:
        place = error.file or error.table or "input"
        column = f", column {error.column}" if error.column else ""
        lines.append(f"- {place}{column}: {error.text}")
    return "\n".join(lines)
