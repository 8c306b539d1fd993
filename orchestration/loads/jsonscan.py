"""The scan of a file with one JSON object per line."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.loads.textscan import BOM, BlockReader, Broken


def read_json_lines(
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
