"""A file in the work database, and the names of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np

from orchestration.loads.files import InputFile, snake_case
from orchestration.loads.model import FileError
from orchestration.loads.settings import AS_WRITTEN, FileSettings
from orchestration.loads.textscan import UNCLOSED, Broken, raw_lines

RESERVED = ("_dlt_", "_source_")
# The widest exports (an object of a CRM with all its own fields) have less than half of it. What
# has more takes memory by the square of it, and is a table that was turned on its side.
MOST_COLUMNS = 2_000


@dataclass
class StagedFile:
    """A file in the work database.

    Attributes:
        file: The file as found.
        relation: Its table or view: ``_line`` and the file's columns in snake case.
        columns: Physical type by column.
        headers: Column name as written in the file by column.
        rows: Sound records.
        broken: Records that could not be read.
        cut_off: Whether the file seems to end in the middle of a record.
        open_line: The last line, when it has no line end.
        plain: The unpacked text file, to quote lines from; None where lines mean nothing.
        skipped: Headers that were not taken in because their names are the loader's own.
        repeated: Headers by the name that several columns have: each has its number after it.
        delimiter: Between the fields of a CSV file.
        footer: Number of records of the footer, which are left out.
        footer_line: The line it begins on; None without one.
        reading: How it was read.
        is_page: Whether it holds pages of a list, and not the last one; None where it has no list.
    """

    file: InputFile
    relation: str
    columns: dict[str, str]
    headers: dict[str, str]
    rows: int
    broken: list[Broken] = field(default_factory=list)
    cut_off: bool = False
    open_line: int | None = None
    plain: Path | None = None
    skipped: list[str] = field(default_factory=list)
    repeated: dict[str, list[str]] = field(default_factory=dict)
    delimiter: str = ","
    footer: int = 0
    footer_line: int | None = None
    reading: FileSettings = AS_WRITTEN
    is_page: bool | None = None

    @property
    def records(self) -> int:
        """All records of the file, sound or not."""
        return self.rows + len(self.broken)

    def refuse_repeated(self, wanted: Iterable[str]) -> None:
        """Make sure that a column which is taken by its name is one.

        Raises:
            FileError: Several columns have the name.
        """
        for name in wanted:
            headers = self.repeated.get(name)
            if headers:
                names = " and ".join(f"'{header}'" for header in headers)
                raise FileError(
                    f"two columns are named '{name}' ({names}); rename one, or say in mapping.yml"
                    f" which is meant: {name}: {headers[0]} (1), or {name}: null",
                    file=self.file.relative,
                    column=name,
                )

    @property
    def behind(self) -> str:
        """The view of the rows behind the footer's own, where there is a footer."""
        return f"{self.relation}_behind"

    def drop(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Remove the file from the work database."""
        own = [self.behind, self.relation, f"{self.relation}_whole"]
        own += [f"{name}_records" for name in own]
        kinds = connection.execute(
            "select 'view', view_name from duckdb_views() where list_contains(?, view_name)"
            " union all select 'table', table_name from duckdb_tables()"
            " where list_contains(?, table_name)",
            [own, own],
        ).fetchall()
        for kind, name in kinds:
            connection.execute(f"drop {kind} {name}")

    def raw_text(self, lines: list[int]) -> Iterator[tuple[int, str]]:
        """The text of records by the lines they start on."""
        if self.plain is not None and lines:
            wanted = np.unique(np.array(lines, dtype=np.int64))
            yield from raw_lines(
                self.plain,
                wanted,
                quoted=self.file.format == "csv",
                unclosed=frozenset(item.line for item in self.broken if item.reason == UNCLOSED),
            )


@dataclass
class Names:
    """Columns of a file: position and header by name in snake case, and what is special."""

    positions: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    repeated: dict[str, list[str]] = field(default_factory=dict)


def name_columns(headers: list[str]) -> Names:
    """Name the columns: those of one name are numbered, so that each can be meant.

    Names that differ only in letters which snake case does not have (umlauts) are told apart.
    """
    if len(headers) > MOST_COLUMNS:
        raise FileError(
            f"the file has {len(headers):,} columns; at most {MOST_COLUMNS:,} are read. Export the "
            "columns that are needed, or rows in the place of columns"
        )
    found = Names()
    snake = [snake_case(h) if h.strip() else f"unnamed_{i + 1}" for i, h in enumerate(headers)]
    for position, (header, plain) in enumerate(zip(headers, snake, strict=True)):
        if plain.startswith(RESERVED):
            found.skipped.append(header)
            continue
        alike = [headers[i] for i, other in enumerate(snake) if other == plain]
        place = snake[: position + 1].count(plain)
        name, written = plain, header
        if len(alike) > 1 and (all(map(str.isascii, alike)) or len(set(alike)) < len(alike)):
            found.repeated[plain] = alike
            written = f"{header} ({place})"
        if len(alike) > 1:
            name = f"{plain}_{place}"
        while name in found.positions or (name != plain and name in snake):
            name += "_"
        found.positions[name] = position
        found.headers[name] = written
    return found
