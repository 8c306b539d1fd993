"""What a load is asked to do and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from orchestration.errors import ExplainedError
from orchestration.loads.landed import Landed

# How messages begin or what they hold that others look for.
UNUSED_COLUMNS = "columns that the mapping does not use"
NO_TABLE = "no table takes this file"
NOT_READ = "files of this kind are not read"
ROWS_REJECTED = "rows were rejected"
FOOTER_ROWS = "rows of the footer were left out"


class LoadError(ExplainedError):
    """A load could not take in everything it was given; the text says where and what to do."""


class FileError(Exception):
    """A file cannot be used at all, so the table it belongs to is not loaded."""

    def __init__(self, text: str, *, file: str | None = None, column: str | None = None) -> None:
        """Say what is wrong and what to do, and where."""
        super().__init__(text)
        self.text = text
        self.file = file
        self.column = column


class EmptyFileError(FileError):
    """A file has no content at all."""


def mapping_path(folder: Path, mapping: Path | None) -> Path | None:
    """The mapping that is given, else ``mapping.yml`` in the folder, if there is one."""
    beside = folder / "mapping.yml"
    return mapping or (beside if beside.exists() else None)


@dataclass(frozen=True)
class Landing:
    """A system that fills tables of the source: where it was landed, and what it speaks for.

    Attributes:
        system: The system.
        landed: Where a loader landed it.
        domains: What it speaks for; its tables of other domains are not read. None: all.
    """

    system: str
    landed: Landed
    domains: frozenset[str] | None = None


@dataclass(frozen=True)
class LoadRequest:
    """One source to load, from one folder or landed schema, into one warehouse.

    Attributes:
        source: Name of the source: the stem of its file in ``orchestration/raw_tables``.
        folder: Where the export files are.
        warehouse: The DuckDB file to load into.
        run_id: Name of the run; rejects, counts and messages carry it.
        as_of: The day the data are judged from; dates far from it are rejected.
        mapping: The ``mapping.yml`` to use (source ``files`` only).
        pipelines_dir: Where dlt keeps its working files; beside the warehouse by default.
        landed: Where another loader landed the source; then no files are read from the folder.
        landings: Other systems that fill the tables of this source.
        is_dated: Whether files are named by their moment and never change, as connectors write
            them: of two rows of one version the later file's counts; a known file is not read.
        domains: What the source speaks for, with all that fill its tables; a table of another
            domain is never required. None: all.
        folder_domains: What the files of the folder speak for; those of other domains are not
            read, and with no domain the folder is not looked into. None: all.
    """

    source: str
    folder: Path
    warehouse: Path
    run_id: str
    as_of: date | None = None
    mapping: Path | None = None
    pipelines_dir: Path | None = None
    landed: Landed | None = None
    landings: tuple[Landing, ...] = ()
    is_dated: bool = False
    domains: frozenset[str] | None = None
    folder_domains: frozenset[str] | None = None

    @property
    def mapping_file(self) -> Path | None:
        """The mapping of files; None of other sources, and where there is none."""
        return mapping_path(self.folder, self.mapping) if self.source == "files" else None

    @property
    def reads_folder(self) -> bool:
        """Whether files of the folder are read at all."""
        return self.landed is None and self.folder_domains != frozenset()

    @property
    def state_dir(self) -> Path:
        """The folder for dlt's working files."""
        return self.pipelines_dir or self.warehouse.parent / "dlt"


@dataclass(frozen=True)
class TableCount:
    """Rows of one table in one load: read = loaded + unchanged + rejected + unmapped."""

    table: str
    files: int
    rows_read: int
    rows_loaded: int
    rows_unchanged: int
    rows_rejected: int
    rows_unmapped: int


@dataclass(frozen=True)
class Message:
    """Something a person should know about the input."""

    severity: str
    table: str | None
    file: str | None
    column: str | None
    text: str


@dataclass(frozen=True)
class LoadReport:
    """What one load did."""

    source: str
    tables: list[TableCount] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def total(self, name: str) -> int:
        """Sum of one count (``rows_loaded`` and so on) over all tables."""
        return sum(getattr(table, name) for table in self.tables)


@dataclass
class FileCount:
    """Rows of one file for one table while the load runs."""

    read: int = 0
    loaded: int = 0
    unchanged: int = 0
    rejected: int = 0
    unmapped: int = 0

    def adds_up(self) -> bool:
        """Whether every row that was read is accounted for."""
        return self.read == self.loaded + self.unchanged + self.rejected + self.unmapped
