"""Sheets of Excel workbooks: cells arrive typed, a mixed column as text the file would have."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from zipfile import BadZipFile

import openpyxl
import pyarrow as pa
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from orchestration.loads.casts import EXACT
from orchestration.loads.model import EmptyFileError, FileError
from orchestration.loads.settings import FileSettings

Cell = str | bool | int | float | date | datetime | time | None
BIG = 2**63
# What a cell of a day or a time is written as beside cells of text.
WRITTEN_DAYS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")
# Parts of a number format that show themselves and say nothing of the number.
_DECORATION = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|[_*].')


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet.

    Attributes:
        header: Names of the columns.
        rows: Its columns, and ``_line``: the number of the row in the sheet.
        reading: How its text is written, and its days that stand beside text.
    """

    header: list[str]
    rows: pa.Table
    reading: FileSettings


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


@dataclass(frozen=True)
class SheetPlace:
    """A sheet in its workbook.

    Attributes:
        name: What its tab says.
        is_hidden: Whether it is not shown.
        is_empty: Whether no cell holds anything.
    """

    name: str
    is_hidden: bool
    is_empty: bool

    @property
    def is_aside(self) -> bool:
        """Whether it is read only when it is named."""
        return self.is_hidden or self.is_empty


def list_sheets(path: Path) -> list[SheetPlace]:
    """The sheets of a workbook; none when it cannot be opened."""
    try:
        with _opened(path) as book:
            return _places(book)
    except FileError:
        return []


def _places(book: Workbook) -> list[SheetPlace]:
    places = []
    for sheet in book.worksheets:
        # Other programs than Excel write the size of a sheet wrongly.
        sheet.reset_dimensions()
        is_empty = not any(_text(cell) for row in sheet.iter_rows(values_only=True) for cell in row)
        places.append(SheetPlace(sheet.title, sheet.sheet_state != "visible", is_empty))
    return places


def read_sheet(path: Path, part: str | None, reading: FileSettings) -> Sheet:
    """Read a sheet.

    Args:
        path: The workbook.
        part: Name of the sheet; None: the one that is shown and holds anything.
        reading: Where the header is, and how text is written that stands beside numbers.

    Raises:
        FileError: The workbook cannot be opened, or has no such sheet or no header.
    """
    with _opened(path) as book:
        name = part or reading.sheet
        if name is None:
            places = sorted(_places(book), key=lambda place: (place.is_hidden, place.is_empty))
            name = places[0].name if places else ""
        if name not in book.sheetnames:
            there = ", ".join(f"'{each}'" for each in book.sheetnames)
            raise FileError(f"there is no sheet '{name}'; the workbook has {there}")
        sheet = book[name]
        # Other programs than Excel write the size of a sheet wrongly.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(min_row=reading.header_row or 1)
        numbered = (
            (line, [_shown(cell, reading) for cell in row])
            for line, row in enumerate(rows, start=reading.header_row or 1)
        )
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
    if reading.date_format and any(_mixes_days(column[1:]) for column in kept):
        patterns = (*reading.date_format, *WRITTEN_DAYS)
        reading = reading.model_copy(update={"date_format": patterns})
    header = [_text(column[0]) for column in kept]
    return Sheet(header, pa.table({"_line": lines, **arrays}), reading)


def _shown(cell: ReadOnlyCell | EmptyCell, reading: FileSettings) -> Cell:
    """The value of a cell; as text where its format shows what the number alone is not.

    Of 20 % the number is 0.2, and of a customer number 00042 it is 42.
    """
    value: Cell = cell.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    shown = cell.number_format or ""
    if "%" in _DECORATION.sub("", shown):
        return _signed(Decimal(str(value)) * 100, reading) + "%"
    if isinstance(value, int) and re.fullmatch("00+", shown):
        return str(value).zfill(len(shown))
    return value


def _mixes_days(cells: list[Cell]) -> bool:
    """Whether days or times stand beside other cells, so that all are read as text."""
    kinds = {isinstance(cell, date) for cell in cells if _text(cell)}
    return len(kinds) > 1


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _array(cells: list[Cell], reading: FileSettings) -> pa.Array:
    """The cells of a column in their type, or as text when they have several."""
    cells = [None if isinstance(cell, str) and not cell.strip() else cell for cell in cells]
    kinds = {type(cell) for cell in cells if cell is not None}
    most = max((abs(cell) for cell in cells if isinstance(cell, int)), default=0)
    if kinds == {int} and most < BIG:
        return pa.array(cells, pa.int64())
    # An id may have more digits than a float keeps.
    if float in kinds and kinds <= {int, float} and most <= EXACT:
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


def _signed(number: Decimal, reading: FileSettings) -> str:
    """A number in digits, with the decimal sign that the text of the file has."""
    whole = number == number.to_integral_value()
    digits = str(int(number)) if whole else format(number.normalize(), "f")
    return digits.replace(".", reading.decimal or ".")


def _written(cell: Cell, reading: FileSettings) -> str | None:
    """A cell as the text cells of its column are written, so that one rule reads them all."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float):
        return _signed(Decimal(str(cell)), reading)
    if isinstance(cell, datetime):
        return str(cell.date()) if _is_day(cell) else str(cell)
    return None if cell is None else str(cell)
