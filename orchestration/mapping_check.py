"""A load for trial: into a folder of its own that is gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from orchestration.database import connect
from orchestration.load_counts import RejectReason, read_loads
from orchestration.loads import LoadError, LoadRequest, load, read_mapping
from orchestration.loads.model import (
    FOOTER_ROWS,
    NO_TABLE,
    NOT_READ,
    ROWS_REJECTED,
    UNUSED_COLUMNS,
    mapping_path,
)

RUN = "check"


@dataclass(frozen=True)
class CheckedFile:
    """Rows of a file for an entity: read, would load, rejected, left over."""

    entity: str | None
    file: str
    numbers: tuple[int, int, int, int]


@dataclass
class Trial:
    """What a load would do.

    Attributes:
        rows: Counts by entity and file.
        rejects: Why rows would be rejected.
        errors: What could not be loaded at all.
        warnings: What a load would warn of.
        footers: How many rows are left out as footer, by file.
        unread: Columns nobody reads, by file.
        left_out: Files that no entity takes, or not all rows of.
    """

    rows: list[CheckedFile] = field(default_factory=list)
    rejects: list[RejectReason] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    footers: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        """Whether a row would be rejected or a table not be loaded."""
        return bool(self.rejects or self.errors)

    def sections(self) -> Iterator[tuple[str, list[str]]]:
        """Titles and lines of what there is to say."""
        rejects = [
            f"{each.table}, {each.file}: {each.rows} rows, first on line {each.first_line}:"
            f" {each.reason}"
            for each in self.rejects
        ]
        unread = [f"{file}: {columns}" for file, columns in self.unread.items()]
        for title, lines in (
            ("Could not be loaded", self.errors),
            ("Would be rejected", rejects),
            ("Warnings", self.warnings),
            ("Left out as footer", self.footers),
            ("Columns nobody reads", unread),
        ):
            if lines:
                yield title, lines


def try_load(
    folder: Path, mapping: Path | None, as_of: date | None, domains: frozenset[str] | None = None
) -> Trial:
    """Load a folder into a warehouse that is thrown away, and tell what came of it.

    Args:
        folder: The files.
        mapping: Their mapping; None: the one beside them, if there is one.
        as_of: The day that dates are judged from; None: that of the mapping, else today.
        domains: What the files speak for; None: everything.
    """
    trial = Trial()
    refusal = ""
    with tempfile.TemporaryDirectory() as scratch:
        warehouse = Path(scratch) / "warehouse.duckdb"
        day = as_of or _day_of(folder, mapping)
        request = LoadRequest(
            "files", folder, warehouse, RUN, as_of=day, mapping=mapping, domains=domains
        )
        try:
            load(request)
        except LoadError as problem:
            if not warehouse.is_file():
                trial.errors.append(str(problem))
                return trial
            refusal = str(problem)
        summary = read_loads(warehouse, RUN)
        trial.rejects = summary.rejects
        with connect(warehouse, read_only=True) as connection:
            trial.rows = [
                CheckedFile(entity, file, (read, loaded, rejected, unmapped))
                for entity, file, read, loaded, rejected, unmapped in connection.execute(
                    "select source_table, source_file, rows_read, rows_loaded + rows_unchanged,"
                    " rows_rejected, rows_unmapped from raw_loads.file_counts order by all"
                ).fetchall()
            ]
            for severity, table, file, column, text in connection.execute(
                "select severity, source_table, source_file, column_name, message"
                " from raw_loads.messages order by rowid"
            ).fetchall():
                _sort(trial, severity, (table, file, column), text)
        if refusal and not trial.errors:
            trial.errors.append(refusal)
        trial.left_out += [row.file for row in trial.rows if row.numbers[-1]]
        trial.left_out = sorted(set(trial.left_out))
    return trial


def _day_of(folder: Path, mapping: Path | None) -> date | None:
    """The day that the mapping names; one that cannot be read is told by the load."""
    path = mapping_path(folder, mapping)
    try:
        return read_mapping(path).as_of if path else None
    except LoadError:
        return None


def _sort(
    trial: Trial, severity: str, place: tuple[str | None, str | None, str | None], text: str
) -> None:
    table, file, column = place
    if text.startswith(UNUSED_COLUMNS):
        trial.unread[file or ""] = text.partition(": ")[2]
        return
    if text.startswith((NO_TABLE, NOT_READ)):
        trial.left_out.append(file or "")
    if ROWS_REJECTED in text:  # They are told by reason.
        return
    where = ", ".join(part for part in (table, file, column) if part)
    line = f"{where}: {text}" if where else text
    if severity == "error":
        trial.errors.append(line)
    elif severity == "warning":
        trial.warnings.append(line)
    elif FOOTER_ROWS in text:
        trial.footers.append(line)
