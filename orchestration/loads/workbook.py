"""Sheets of Excel workbooks: cells arrive typed, a mixed column as text the file would have."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from zipfile import BadZipFile

import openpyxl
import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from orchestration.loads.model import EmptyFileError, FileError
from orchestration.loads.settings import FileSettings

Cell = str | bool | int | float | date | datetime | time | None
BIG = 2**63


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet.

    Attributes:
        header: Names of the columns.
        rows: Its columns, and ``_line``: the number of the row in the sheet.
    """

    header: list[str]
    rows: pa.Table


@contextmanager
def _opened(path: Path) -> Iterator[Workbook]:
    with warnings.catch_warnings():
        # What openpyxl does not keep of a sheet (validation, styles) does not matter to reading.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as problem:
            raise FileError(
                f"the workbook cannot be opened ({problem}); it is damaged, not an .xlsx file or "
                "protected by a password. Save it again as .xlsx"
            ) from problem
        try:
            yield book
        finally:
            book.close()


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets that are shown; none when the workbook cannot be opened."""
    try:
        with _opened(path) as book:
            return [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except FileError:
        return []


def read_sheet(path: Path, part: str | None, reading: FileSettings) -> Sheet:
    """Read a sheet.

    Args:
        path: The workbook.
        part: Name of the sheet; None: the one that is shown.
        reading: Where the header is, and how text is written that stands beside numbers.

    Raises:
        FileError: The workbook cannot be opened, or has no such sheet or no header.
    """
    with _opened(path) as book:
        shown = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        name = part or reading.sheet or (shown[0] if shown else "")
        if name not in book.sheetnames:
            there = ", ".join(f"'{each}'" for each in book.sheetnames)
            raise FileError(f"there is no sheet '{name}'; the workbook has {there}")
        sheet = book[name]
        # Other programs than Excel write the size of a sheet wrongly.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(min_row=reading.header_row or 1, values_only=True)
        numbered = enumerate(rows, start=reading.header_row or 1)
        filled = [(line, row) for line, row in numbered if any(_text(cell) for cell in row)]
    if not filled:
        raise EmptyFileError("the sheet is empty; export it again")
    if reading.header_row and filled[0][0] != reading.header_row:
        raise FileError(
            f"row {reading.header_row} of the sheet is empty; it is to name the columns"
        )
    width = max(len(row) for _, row in filled)
    columns = [[row[i] if i < len(row) else None for _, row in filled] for i in range(width)]
    kept = [column for column in columns if any(_text(cell) for cell in column)]
    lines = pa.array([line for line, _ in filled[1:]], pa.int64())
    arrays = {f"c{i}": _array(column[1:], reading) for i, column in enumerate(kept)}
    return Sheet([_text(column[0]) for column in kept], pa.table({"_line": lines, **arrays}))


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _array(cells: list[Cell], reading: FileSettings) -> pa.Array:
    """The cells of a column in their type, or as text when they have several."""
    cells = [None if isinstance(cell, str) and not cell.strip() else cell for cell in cells]
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {int} and all(abs(cell) < BIG for cell in cells if isinstance(cell, int)):
        return pa.array(cells, pa.int64())
    if kinds and kinds <= {int, float}:
        return pa.array([None if c is None else float(c) for c in cells], pa.float64())
    if kinds == {bool}:
        return pa.array(cells, pa.bool_())
    if kinds and kinds <= {datetime, date}:
        if all(not isinstance(cell, datetime) or _is_day(cell) for cell in cells if cell):
            return pa.array([cell and date(cell.year, cell.month, cell.day) for cell in cells])
        return pa.array(cells, pa.timestamp("us"))
    return pa.array([_written(cell, reading) for cell in cells], pa.string())


def _is_day(cell: datetime) -> bool:
    return cell.time() == time()


def _written(cell: Cell, reading: FileSettings) -> str | None:
    """A cell as the text cells of its column are written, so that one rule reads them all."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float):
        plain = str(int(cell)) if cell == int(cell) and abs(cell) < BIG else repr(cell)
        return plain.replace(".", reading.decimal or ".")
    if isinstance(cell, datetime):
        for pattern in reading.date_format:
            text = cell.strftime(pattern)
            if datetime.strptime(text, pattern) == cell:  # noqa: DTZ007
                return text
        return str(cell.date()) if _is_day(cell) else str(cell)
    return None if cell is None else str(cell)
