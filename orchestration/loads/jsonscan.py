"""Files of JSON: one object per line, an array of them, or lists as an API answers them."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.database import quote, text
from orchestration.loads.casts import EXACT, is_number, signed
from orchestration.loads.files import InputFile
from orchestration.loads.model import FileError
from orchestration.loads.settings import FileSettings
from orchestration.loads.staged import StagedFile, name_columns
from orchestration.loads.textscan import BOM, BlockReader, Broken
from orchestration.loads.warehouse import first_line

# So much of a file tells its form.
LOOKED_AT = 4096
# DuckDB's own bound of one object.
OBJECT_SIZE = 16 * 1024 * 1024


def stage_json(  # noqa: PLR0917
    connection: duckdb.DuckDBPyConnection,
    file: InputFile,
    path: Path,
    relation: str,
    json_columns: frozenset[str],
    reading: FileSettings,
) -> StagedFile:
    """Bring a file of JSON objects into the work database, a column for each of their keys.

    Args:
        connection: The work database.
        file: What to read.
        path: The plain text of it.
        relation: Name of the table to make.
        json_columns: Columns to keep as JSON text.
        reading: How it is to be read.

    Raises:
        FileError: It is an array that cannot be read.
    """
    documents = f"{relation}_documents"
    with path.open("rb") as stream:
        start = stream.read(LOOKED_AT).removeprefix(BOM).lstrip()
    shape = _shape(start)
    broken: list[Broken] = []
    cut_off = False
    try:
        if shape:
            # A list may be as large as its file; elements of an array are read one by one.
            size = path.stat().st_size if shape == "unstructured" else 0
            connection.execute(
                f"create table {documents} as select row_number() over () as _line, json as doc"
                f" from read_json_objects({text(path)}, format = '{shape}',"
                f" maximum_object_size = {max(size, OBJECT_SIZE)})"
            )
    except duckdb.Error as problem:
        if shape == "array":
            raise FileError(
                f"the JSON array cannot be read ({first_line(problem, path)}); write one object "
                "per line instead"
            ) from problem
        if start.partition(b"\n")[0].strip() == b"{":
            raise FileError(
                f"the JSON cannot be read ({first_line(problem, path)}); it was probably not "
                "written to its end. Export it again"
            ) from problem
        # One object a line, the first of which is damaged.
        shape = ""
    if not shape:
        connection.execute(f"create table {documents} (_line bigint, doc varchar)")
        broken, cut_off = _read_lines(connection, path, documents)
    is_page, is_listed = _unwrap(connection, documents, broken)
    keys = [
        row[0]
        for row in connection.execute(
            f"select key from (select unnest(json_keys(doc)) as key from {documents})"
            " group by key order by key"
        ).fetchall()
    ]
    names = name_columns(keys)
    kept_json = [name for name in names.positions if name in json_columns]
    as_text = [name for name in names.positions if name not in json_columns]
    # Keys as the documents have them, which several keys of one name are not called.
    written = {name: keys[place] for name, place in names.positions.items()}
    given = f"json_extract_string(doc, {_paths(as_text, written)})"
    kinds = f"json_type(doc, {_paths(as_text, written)})"
    numbers: set[int] = set()
    if reading.decimal or reading.thousands:
        numbers = _numbers(connection, f"select {given} as s, {kinds} as k from {documents}")
    picked = [
        f"{f's[{i}]::double' if i in numbers else signed(f's[{i}]', f'k[{i}]', reading)}"
        f" as {quote(name)}"
        for i, name in enumerate(as_text, start=1)
    ]
    picked += [
        f"nullif(cast(j[{i}] as varchar), 'null') as {quote(name)}"
        for i, name in enumerate(kept_json, start=1)
    ]
    connection.execute(
        f"create table {relation} as select {', '.join(['_line', *picked])} from (select _line,"
        f" {given} as s, {kinds} as k,"
        f" json_extract(doc, {_paths(kept_json, written)}) as j from {documents})"
    )
    described = connection.execute(f"describe {relation}").fetchall()
    rows = connection.execute(f"select count(*) from {relation}").fetchone()
    connection.execute(f"drop table {documents}")
    return StagedFile(
        file=file,
        relation=relation,
        columns={row[0]: row[1] for row in described if row[0] != "_line"},
        headers=names.headers,
        rows=rows[0] if rows else 0,
        broken=broken,
        cut_off=cut_off,
        plain=None if shape or is_listed else path,
        skipped=names.skipped,
        repeated=names.repeated,
        reading=reading,
        is_page=is_page,
    )


def _shape(start: bytes) -> str:
    """What DuckDB calls the form of a file by its beginning; none for one object per line."""
    if start.startswith(b"["):
        return "array"
    first, end, _ = start.partition(b"\n")
    if start.startswith(b"{") and end:
        try:
            json.loads(first)
        except ValueError:
            return "unstructured"
    return ""


def _unwrap(
    connection: duckdb.DuckDBPyConnection, documents: str, broken: list[Broken]
) -> tuple[bool | None, bool]:
    """Put the rows of lists, as Stripe's API answers them, in the place of the lists.

    Returns:
        Whether every list says that there is more, None without lists; and whether there are any.
    """
    is_list = (
        "coalesce(json_extract_string(doc, '$.object') in ('list', 'search_result')"
        " and json_type(doc, '$.data') = 'ARRAY', false)"
    )
    found = connection.execute(
        "select bool_and(coalesce(json_extract_string(doc, '$.has_more') = 'true', false))"
        f" from {documents} where {is_list}"
    ).fetchone()
    if found is None or found[0] is None:
        return None, False
    # Rows have numbers of their own, which are none of a line that cannot be read.
    behind = max((item.line for item in broken), default=0)
    connection.execute(
        f"create table {documents}_rows as"
        f" select {behind} + row_number() over (order by _line, place) as _line, doc from ("
        f"select _line, 0 as place, cast(doc as json) as doc from {documents} where not {is_list}"
        " union all"
        " select _line, unnest(generate_series(1, len(items))) as place, unnest(items) as doc"
        " from (select _line, json_extract(doc, '$.data[*]') as items"
        f" from {documents} where {is_list}));"
        f" drop table {documents}; alter table {documents}_rows rename to {documents}"
    )
    return bool(found[0]), True


def _numbers(connection: duckdb.DuckDBPyConnection, values: str) -> set[int]:
    """Positions of values that are JSON's own numbers in all objects, and exact as floats.

    They arrive as numbers, as cells of a workbook do: the signs that the mapping says are of text.
    """
    found = connection.execute(
        f"select i from (select unnest(s) as v, unnest(k) as k, generate_subscripts(s, 1) as i"
        f" from ({values})) group by i"
        f" having bool_and(coalesce({is_number('k')}, true) or k = 'NULL')"
        f" and max(abs(try_cast(v as double))) < {EXACT}"
    ).fetchall()
    return {row[0] for row in found}


def _paths(names: list[str], written: dict[str, str]) -> str:
    keys = [written[name].replace('"', '\\"') for name in names]
    return "[" + ", ".join(text(f'$."{key}"') for key in keys) + "]::varchar[]"


def _read_lines(
    connection: duckdb.DuckDBPyConnection, path: Path, documents: str
) -> tuple[list[Broken], bool]:
    """Fill the table of documents from a file with one JSON object per line."""
    broken: list[Broken] = []
    cut_off = False
    for block in BlockReader(path):
        data = block.data
        if block.first_line == 1 and data.startswith(BOM):
            data = b"   " + data[len(BOM) :]
        numbers = np.arange(block.first_line, block.first_line + len(block.starts))
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            data, bad = _blank_invalid(data, block.starts, block.ends)
            broken += [
                Broken(int(numbers[index]), "the line is not valid UTF-8; export it as UTF-8")
                for index in bad
            ]
        offsets = pa.py_buffer(np.append(block.starts, len(data)).astype(np.int64))
        docs = pa.LargeStringArray.from_buffers(len(numbers), offsets, pa.py_buffer(data))
        connection.register("json_lines", pa.table({"_line": numbers, "doc": docs}))
        connection.execute(
            f"insert into {documents} select _line, doc from json_lines"
            " where json_valid(doc) and json_type(doc) = 'OBJECT'"
        )
        bad_lines = connection.execute(
            "select _line from json_lines where trim(doc, e' \\t\\r\\n') <> ''"
            " and (not json_valid(doc) or json_type(doc) <> 'OBJECT') order by _line"
        ).fetchall()
        connection.unregister("json_lines")
        broken += [
            Broken(number, "the line is not a JSON object; write one object per line")
            for (number,) in bad_lines
        ]
        if block.last and bad_lines and not block.data.endswith(b"\n"):
            cut_off = bad_lines[-1][0] == int(numbers[-1])
    return sorted(broken, key=lambda item: item.line), cut_off


def _blank_invalid(data: bytes, starts: np.ndarray, ends: np.ndarray) -> tuple[bytes, list[int]]:
    """Overwrite lines that are not UTF-8 with spaces, and name them."""
    view = np.frombuffer(data, dtype=np.uint8)
    high = np.flatnonzero(view >= 0x80)
    content = bytearray(data)
    bad: list[int] = []
    for index in np.unique(np.searchsorted(starts, high, side="right") - 1).tolist():
        try:
            data[starts[index] : ends[index]].decode("utf-8")
        except UnicodeDecodeError:
            bad.append(index)
            content[starts[index] : ends[index]] = b" " * int(ends[index] - starts[index])
    return bytes(content), bad
