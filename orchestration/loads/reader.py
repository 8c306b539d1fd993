"""Reading one export file into the work database, row for row, with line numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import csv as pa_csv

from orchestration.database import quote, text
from orchestration.loads.csvscan import scan_csv
from orchestration.loads.files import InputFile
from orchestration.loads.footer import finished
from orchestration.loads.jsonscan import stage_json
from orchestration.loads.model import EmptyFileError, FileError
from orchestration.loads.settings import AS_WRITTEN, FileSettings
from orchestration.loads.staged import StagedFile, name_columns
from orchestration.loads.textscan import TextScan
from orchestration.loads.unpack import plain_copy
from orchestration.loads.warehouse import first_line
from orchestration.loads.workbook import read_sheet

BATCH_BYTES = 8 * 1024 * 1024


def stage(  # noqa: PLR0917
    connection: duckdb.DuckDBPyConnection,
    file: InputFile,
    folder: Path,
    relation: str,
    json_columns: frozenset[str] = frozenset(),
    reading: FileSettings = AS_WRITTEN,
) -> StagedFile:
    """Bring a file into the work database as the table or view ``relation``.

    Args:
        connection: The work database.
        file: What to read.
        folder: Where unpacked and cleaned copies may be written.
        relation: Name of the table or view to make.
        json_columns: Columns to keep as JSON text when the file itself is JSON.
        reading: How it is to be read.

    Raises:
        FileError: It cannot be read; the error names the file.
    """
    try:
        if file.path.stat().st_size == 0:
            raise EmptyFileError("the file is empty (0 bytes); export it again")
        whole = f"{relation}_whole" if reading.footer or reading.null_values else relation
        if file.format == "xlsx":
            staged = _stage_sheet(connection, file, whole, reading)
        else:
            path = plain_copy(file, folder, f"{relation}.{file.format}", reading)
            if file.format == "parquet":
                staged = _stage_parquet(connection, file, path, whole, reading)
            elif file.format == "csv":
                staged = _stage_csv(connection, file, path, folder, whole, reading)
            else:
                staged = stage_json(connection, file, path, whole, json_columns, reading)
        return finished(connection, staged, relation)
    except FileError as problem:
        problem.file = problem.file or file.relative
        raise
    except OSError as problem:
        raise FileError(f"the file cannot be opened: {problem}", file=file.relative) from problem


def count_records(
    connection: duckdb.DuckDBPyConnection, file: InputFile, folder: Path, reading: FileSettings
) -> int:
    """Records of a file nobody reads, without bringing it in."""
    if file.format == "xlsx":
        return read_sheet(file.path, file.part, reading).rows.num_rows
    path = plain_copy(file, folder, f"counted.{file.format}", reading)
    if file.format == "csv":
        scan = scan_csv(path, folder, "counted.clean.csv", reading)
        return scan.rows + len(scan.broken)
    if file.format == "parquet":
        return _parquet_rows(connection, path)
    with path.open("rb") as stream:
        return sum(1 for line in stream if line.strip())


def _stage_csv(  # noqa: PLR0917
    connection: duckdb.DuckDBPyConnection,
    file: InputFile,
    path: Path,
    folder: Path,
    relation: str,
    reading: FileSettings,
) -> StagedFile:
    scan = scan_csv(path, folder, f"{relation}.clean.csv", reading)
    names = name_columns(scan.header)
    picked = ", ".join(f"c{place} as {quote(name)}" for name, place in names.positions.items())
    with _records(connection, scan, relation) as records:
        if scan.lines is None:
            line = f"rowid + {scan.first + 1}"
            source = records
        else:
            connection.register("record_lines", pa.table({"_line": scan.lines}))
            line = "_line"
            source = f"{records} positional join record_lines"
        kind = "view" if scan.lines is None else "table"
        connection.execute(
            f"create {kind} {relation} as select {line} as _line, {picked} from {source}"
        )
        if scan.lines is not None:
            connection.unregister("record_lines")
    return StagedFile(
        file=file,
        relation=relation,
        columns=dict.fromkeys(names.positions, "VARCHAR"),
        headers=names.headers,
        rows=scan.rows,
        broken=scan.broken,
        cut_off=scan.cut_off,
        open_line=scan.open_line,
        delimiter=scan.delimiter,
        plain=path,
        skipped=names.skipped,
        repeated=names.repeated,
        reading=reading,
    )


def _stage_sheet(
    connection: duckdb.DuckDBPyConnection, file: InputFile, relation: str, reading: FileSettings
) -> StagedFile:
    sheet = read_sheet(file.path, file.part, reading)
    names = name_columns(sheet.header)
    connection.register("sheet_rows", sheet.rows)
    picked = "".join(f", c{place} as {quote(name)}" for name, place in names.positions.items())
    connection.execute(f"create table {relation} as select _line{picked} from sheet_rows")
    connection.unregister("sheet_rows")
    described = connection.execute(f"describe {relation}").fetchall()
    return StagedFile(
        file=file,
        relation=relation,
        columns={row[0]: row[1] for row in described if row[0] != "_line"},
        headers=names.headers,
        rows=sheet.rows.num_rows,
        skipped=names.skipped,
        repeated=names.repeated,
        reading=sheet.reading,
    )


@contextlib.contextmanager
def _records(connection: duckdb.DuckDBPyConnection, scan: TextScan, relation: str) -> Iterator[str]:
    """A table of the sound records in file order: their rowid is their number.

    Arrow's reader takes the sound records, not DuckDB's: that one stumbles over line ends of
    two kinds and over line breaks of one kind in fields of a file with the other.
    """
    records = f"{relation}_records"
    names = [f"c{i}" for i in range(len(scan.header))]
    body = ", ".join(f"{name} varchar" for name in names)
    connection.execute(f"create table {records} ({body})")
    found = 0
    if scan.rows:
        try:
            for batch in _batches(scan, names):
                connection.register("csv_batch", batch)
                connection.execute(f"insert into {records} select * from csv_batch")
                connection.unregister("csv_batch")
                found += batch.num_rows
        except pa.ArrowInvalid as problem:
            raise FileError(
                f"the file cannot be read as CSV: {first_line(problem, scan.path)}"
            ) from problem
    if found != scan.rows:
        raise FileError(
            f"{scan.rows} records were counted and {found} were read; export the file again with "
            "plain line ends and quotes"
        )
    yield records
    if scan.lines is not None:
        connection.execute(f"drop table {records}")


def _batches(scan: TextScan, names: list[str]) -> pa_csv.CSVStreamingReader:
    return pa_csv.open_csv(
        scan.clean,
        read_options=pa_csv.ReadOptions(
            column_names=names,
            skip_rows=scan.skip,
            block_size=max(BATCH_BYTES, 2 * scan.longest),
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=scan.delimiter, newlines_in_values=True, ignore_empty_lines=False
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _stage_parquet(
    connection: duckdb.DuckDBPyConnection,
    file: InputFile,
    path: Path,
    relation: str,
    reading: FileSettings,
) -> StagedFile:
    source = f"read_parquet({text(path)}, file_row_number = true)"
    try:
        described = connection.execute(f"describe select * from {source}").fetchall()
        rows = _parquet_rows(connection, path)
    except duckdb.Error as problem:
        raise FileError(
            f"the Parquet file cannot be read ({first_line(problem, path)}); it is damaged or "
            "was not written to its end. Export it again"
        ) from problem
    types = {row[0]: row[1] for row in described if row[0] != "file_row_number"}
    headers = list(types)
    names = name_columns(headers)
    picked = "".join(
        f", {quote(headers[place])} as {quote(name)}" for name, place in names.positions.items()
    )
    connection.execute(
        f"create view {relation} as select file_row_number + 1 as _line{picked} from {source}"
    )
    return StagedFile(
        file=file,
        relation=relation,
        columns={name: types[headers[place]] for name, place in names.positions.items()},
        headers=names.headers,
        rows=rows,
        skipped=names.skipped,
        repeated=names.repeated,
        reading=reading,
    )


def _parquet_rows(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    found = connection.execute(
        f"select num_rows from parquet_file_metadata({text(path)})"
    ).fetchone()
    return int(found[0]) if found else 0
