"""Finding the export files of a source and the raw table each belongs to."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dlt.common.normalizers.naming.snake_case import NamingConvention

from orchestration.loads.spec import SourceSpec
from orchestration.loads.workbook import list_sheets

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
PACKED = ".zip"
# Of a Parquet file the codec inside it, which some exports write behind its name.
CODECS = {".gz", ".zst", ".snappy", ".lz4", ".br"}
PARQUET = ".parquet"
UNREADABLE = {".xls", ".xlsb", ".ods", ".7z", ".tar", ".bz2", ".zst", ".xml", ".avro"}
# Files of the system and of programs; Excel's are those that lock an open workbook.
NOT_MEANT = (".", "_", "~$")
_NAMING = NamingConvention(63)


@dataclass(frozen=True)
class InputFile:
    """One export file, or one part of it.

    Attributes:
        path: Where it is.
        relative: Its path inside the source folder; the part follows after a slash.
        format: csv, jsonl, parquet or xlsx.
        gzipped: Whether it is packed by gzip.
        part: The member of an archive; the sheet of a workbook that has several.
        is_aside: Whether it is read only when it is named: a sheet that is hidden or empty.
        origin: The system that was landed there, where it is no file but a landing.
    """

    path: Path
    relative: str
    format: str
    gzipped: bool = False
    part: str | None = None
    is_aside: bool = False
    origin: str | None = None

    @property
    def names(self) -> list[str]:
        """What the file is called, the most telling first: its folder, its part, itself."""
        return [*self.own_names, *self.shared_names]

    @property
    def own_names(self) -> list[str]:
        """The names that are its own, and its folder's."""
        *folders, own = Path(self.relative).parts
        if self.part is None:
            return folders[:1] or [self._stem(own)]
        own_folders = Path(self.container).parts[:-1]
        inside = Path(self.part)
        stem = self.part if self.format == "xlsx" else self._stem(inside.name)
        return [*own_folders[:1], *inside.parts[:-1], stem]

    @property
    def container(self) -> str:
        """The path of the file it is, or is a part of."""
        return self.relative.removesuffix(f"/{self.part}")

    @property
    def shared_names(self) -> list[str]:
        """The name of the workbook or archive it is a part of."""
        return [] if self.part is None else [self.path.stem]

    def _stem(self, name: str) -> str:
        stem = Path(name).stem
        has_two = self.gzipped or Path(stem).suffix.lower() == PARQUET
        return Path(stem).stem if has_two else stem


def snake_case(name: str) -> str:
    """Write a name the way dlt lands it: ``IsDeleted`` as ``is_deleted``, ``CSM__c`` kept apart."""
    return _NAMING.normalize_path(name.strip())


def list_files(folder: Path) -> list[InputFile]:
    """All data files in a folder and below it, in a stable order."""
    found = []
    for path, relative in _visible(folder):
        kind, gzipped = _format_of(path)
        if path.suffix.lower() == PACKED:
            found += _members(path, relative)
        elif _is_parquet_of_a_codec(path):
            found.append(InputFile(path, relative.as_posix(), "parquet"))
        elif kind == "xlsx" and not gzipped:
            found += _sheets(path, relative)
        elif kind:
            found.append(InputFile(path, relative.as_posix(), kind, gzipped))
    return found


def _format_of(name: Path) -> tuple[str | None, bool]:
    """What kind of file it is by its name, None for another, and whether gzip packs it."""
    gzipped = name.suffix.lower() == ".gz"
    ending = Path(name.stem).suffix if gzipped else name.suffix
    return FORMATS.get(ending.lower()), gzipped


def _is_parquet_of_a_codec(path: Path) -> bool:
    """Whether a file such as ``events.parquet.zst`` is Parquet as it is, packed inside."""
    if path.suffix.lower() not in CODECS or Path(path.stem).suffix.lower() != PARQUET:
        return False
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def _members(path: Path, relative: Path) -> Iterator[InputFile]:
    """The data files in an archive; one that cannot be opened is one file, to say so."""
    names = _members_of(path)
    if names is None:
        yield InputFile(path, relative.as_posix(), "csv", part="")
    for name in names or []:
        inside = Path(name)
        kind, gzipped = _format_of(inside)
        if kind not in (None, "xlsx") and not any(
            part.startswith(NOT_MEANT) for part in inside.parts
        ):
            yield InputFile(path, f"{relative.as_posix()}/{name}", kind, gzipped, part=name)


def _members_of(path: Path) -> list[str] | None:
    """Names of the files in an archive; None when it cannot be opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sorted(each.filename for each in archive.infolist() if not each.is_dir())
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError):
        return None


def _sheets(path: Path, relative: Path) -> Iterator[InputFile]:
    """The sheets of a workbook; one that has one sheet, or cannot be opened, is one file."""
    sheets = list_sheets(path)
    is_one = sum(not sheet.is_aside for sheet in sheets) < 2
    if is_one:
        yield InputFile(path, relative.as_posix(), "xlsx")
    for sheet in sheets:
        if sheet.is_aside or not is_one:
            name = f"{relative.as_posix()}/{sheet.name}"
            yield InputFile(path, name, "xlsx", part=sheet.name, is_aside=sheet.is_aside)


def unreadable_files(folder: Path) -> list[str]:
    """Files that may hold data in a format that is not read, such as an old spreadsheet."""
    found = []
    for path, relative in _visible(folder):
        if _is_parquet_of_a_codec(path):
            continue
        if {suffix.lower() for suffix in path.suffixes} & UNREADABLE:
            found.append(relative.as_posix())
        elif path.suffix.lower() == PACKED:
            found += [
                f"{relative.as_posix()}/{name}"
                for name in _members_of(path) or []
                if Path(name).suffix.lower() in (UNREADABLE | {PACKED, ".gz", ".xlsx", ".xlsm"})
                and (
                    not name.lower().endswith(".gz") or _format_of(Path(name))[0] in (None, "xlsx")
                )
            ]
    return found


def misnamed_files(folder: Path) -> list[Path]:
    """Files whose names are no text, so that neither DuckDB nor a message can name them."""
    return [relative for _, relative in _meant(folder) if not _is_text(relative)]


def linked_files(folder: Path) -> list[Path]:
    """Files and folders that are links out of the folder: what is there, nobody has delivered."""
    return [
        path.relative_to(folder)
        for path in sorted(folder.rglob("*"))
        if path.exists()
        and not _is_inside(path, folder)
        and not any(part.startswith(NOT_MEANT) for part in path.relative_to(folder).parts)
    ]


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _meant(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Files below a folder with their path in it, but for those of tools."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(NOT_MEANT) for part in relative.parts):
            yield path, relative


def _visible(folder: Path) -> Iterator[tuple[Path, Path]]:
    return (
        (path, relative)
        for path, relative in _meant(folder)
        if _is_text(relative) and _is_inside(path, folder)
    )


def tables_by_name(
    files: Iterable[InputFile], spec: SourceSpec, sheet: str | None = None
) -> Iterator[tuple[InputFile, str | None]]:
    """The files that are not aside, with the raw table each belongs to by its name.

    The parts of a workbook or an archive have its name only where none of them has its own.

    Args:
        files: All files of a folder.
        spec: The tables there are.
        sheet: The sheet of workbooks that is meant; their others belong to no table.
    """
    own = {file: _table_of(file.own_names, spec) for file in files if not file.is_aside}
    apart = {file.path for file, table in own.items() if table and file.part is not None}
    for file, table in own.items():
        if sheet and file.format == "xlsx" and file.part not in (None, sheet):
            yield file, None
        elif table or file.path in apart:
            yield file, table
        else:
            yield file, _table_of(file.shared_names, spec)


def _table_of(names: list[str], spec: SourceSpec) -> str | None:
    for name in names:
        for wanted in (snake_case(name), name.lower()) if name else ():
            if wanted in spec.tables:
                return wanted
            for table in spec.tables:
                if wanted in _plurals(table) or table in _plurals(wanted):
                    return table
    return None


def _plurals(name: str) -> set[str]:
    plurals = {f"{name}s", f"{name}es"}
    if name.endswith("y"):
        plurals.add(f"{name[:-1]}ies")
    return plurals
