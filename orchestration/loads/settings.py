"""How a file is to be read: its encoding, its header, and how it writes numbers and days."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Annotated, Any

import duckdb
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from orchestration.loads.setting_types import TimeZone

# What people write for a date pattern who know it from a spreadsheet.
_SPREADSHEET = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "SS": "%S"}
_SETTINGS = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


def _many(value: object) -> object:
    """One or several texts as a tuple; YAML reads the word null in a list as nothing."""
    if value is None:
        return ()
    values = value if isinstance(value, list | tuple) else [value]
    return tuple("null" if each is None else str(each) for each in values)


def _encoding(value: object) -> object:
    if value is None:
        return None
    try:
        codecs.lookup(str(value))
    except LookupError as problem:
        raise ValueError(
            "this encoding is not known; write utf-8, cp1252 (Excel in Western Europe), utf-16, "
            "iso8859-15, cp1250, mac-roman …"
        ) from problem
    return str(value)


def _delimiter(value: object) -> object:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) != 1 or not value.isascii() or value in '"\r\n':
        raise ValueError('write the one ASCII character between fields, such as ";" or "\\t"')
    return value


def _escape(value: object) -> object:
    if value not in (None, "\\"):
        raise ValueError(
            "the sign before a quote inside a field can be a backslash (escape: '\\'); doubled"
            ' quotes ("") are read without it'
        )
    return value


def _pattern(pattern: str) -> str:
    try:
        duckdb.execute("select try_strptime('', ?)", [pattern])
    except duckdb.Error as problem:
        raise ValueError(str(problem).strip().removeprefix("Invalid Input Error: ")) from problem
    if not re.search("%[Yyxc]", pattern):
        meant = re.sub(
            "|".join(_SPREADSHEET), lambda m: _SPREADSHEET[m.group().upper()], pattern, flags=re.I
        )
        hint = f"; did you mean '{meant}'?" if "%" in meant else ""
        raise ValueError(f"'{pattern}' has no year; write it as %d.%m.%Y{hint}")
    return pattern


def _patterns(value: object) -> object:
    if value is None:
        return ()
    many = value if isinstance(value, list | tuple) else [value]
    return tuple(_pattern(str(each)) for each in many)


class FileSettings(BaseModel):
    """How one file is read.

    Attributes:
        encoding: Of a text file; None: UTF-8, or what a byte order mark says.
        delimiter: Between the fields of a CSV file; None: the one that the header has most of.
        escape: The sign before a quote inside a quoted field; None: quotes are doubled there.
        header_row: Number of the line that names the columns; None: the first that is not empty.
        footer: Word in the first filled cell of the totals; from that line on nothing is read.
        sheet: Name of the sheet of a workbook, or of the member of an archive.
        null_values: Texts that stand for an empty cell.
        decimal: The sign before decimals.
        thousands: The sign between groups of three digits.
        date_format: Patterns of days and times, as strptime has them.
        time_zone: The zone of times that have no offset.
    """

    model_config = _SETTINGS

    encoding: Annotated[str | None, BeforeValidator(_encoding)] = None
    delimiter: Annotated[str | None, BeforeValidator(_delimiter)] = None
    escape: Annotated[str | None, BeforeValidator(_escape)] = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    footer: Annotated[tuple[str, ...], BeforeValidator(_many)] = ()
    sheet: str | None = None
    null_values: Annotated[tuple[str, ...], BeforeValidator(_many)] = ()
    decimal: Annotated[str, Field(pattern="^[.,]$")] | None = None
    thousands: Annotated[str, Field(pattern="^[.,' \u2019\u00a0\u202f]$")] | None = None
    date_format: Annotated[tuple[str, ...], BeforeValidator(_patterns)] = ()
    time_zone: TimeZone | None = None

    @property
    def clash(self) -> str | None:
        """What cannot be, once it is known what every setting is."""
        if self.thousands and self.thousands == (self.decimal or "."):
            return (
                f"thousands and decimal are both '{self.thousands}'; say the other one too"
                " (thousands: null: there are none)"
            )
        return None

    def given(self) -> Iterator[tuple[str, Any]]:
        """The settings that are said, with their values."""
        for name in FileSettings.model_fields:
            if name in self.model_fields_set:
                yield name, getattr(self, name)

    def over(self, defaults: FileSettings) -> FileSettings:
        """These settings, and those of the defaults that are not said here."""
        return FileSettings.model_validate({**dict(defaults.given()), **dict(self.given())})


AS_WRITTEN = FileSettings()
