"""Finding the export files of a source and the raw table each belongs to."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dlt.common.normalizers.naming.snake_case import NamingConvention

from orchestration.loads.spec import SourceSpec
from orchestration.loads.workbook import sheet_names

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
UNREADABLE = {".xls", ".xlsb", ".ods", ".7z", ".tar", ".bz2", ".zst", ".xml", ".avro"}
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
    """

    path: Path
    relative: str
    format: str
    gzipped: bool = False
    part: str | None = None

    @property
    def names(self) -> list[str]:
        """What the file is called: its folder's name, or its own and that of the part."""
        *folders, own = Path(self.path.name if self.part else self.relative).parts
        if folders:
            return [folders[0]]
        stem = Path(own).stem
        return [Path(stem).stem if self.gzipped else stem, *self._part_names()]

    def _part_names(self) -> list[str]:
        if self.part is None:
            return []
        return [self.part if self.format == "xlsx" else Path(self.part).stem]


def snake_case(name: str) -> str:
    """Write a name the way dlt lands it: ``IsDeleted`` as ``is_deleted``, ``CSM__c`` kept apart."""
    return _NAMING.normalize_path(name.strip())


def list_files(folder: Path) -> list[InputFile]:
    """All data files in a folder and below it, in a stable order."""
    found = []
    for path, relative in _visible(folder):
        gzipped = path.suffix.lower() == ".gz"
        ending = Path(path.stem).suffix if gzipped else path.suffix
        kind = FORMATS.get(ending.lower())
        if path.suffix.lower() == PACKED:
            found += _members(path, relative)
        elif kind == "xlsx" and not gzipped:
            found += _sheets(path, relative)
        elif kind:
            found.append(InputFile(path, relative.as_posix(), kind, gzipped))
    return found


def _members(path: Path, relative: Path) -> Iterator[InputFile]:
    """The data files in an archive; one that cannot be opened is one file, to say so."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(each.filename for each in archive.infolist() if not each.is_dir())
    except (zipfile.BadZipFile, OSError):
        yield InputFile(path, relative.as_posix(), "csv", part="")
        return
    for name in names:
        inside = Path(name)
        kind = FORMATS.get(inside.suffix.lower())
        if kind not in (None, "xlsx") and not any(
            part.startswith((".", "_")) for part in inside.parts
        ):
            yield InputFile(path, f"{relative.as_posix()}/{name}", kind, part=name)


def _sheets(path: Path, relative: Path) -> Iterator[InputFile]:
    """The sheets of a workbook; one that has one sheet, or cannot be opened, is one file."""
    names = sheet_names(path)
    if len(names) < 2:
        yield InputFile(path, relative.as_posix(), "xlsx")
    for name in names if len(names) > 1 else ():
        yield InputFile(path, f"{relative.as_posix()}/{name}", "xlsx", part=name)


def unreadable_files(folder: Path) -> list[str]:
    """Files that may hold data in a format that is not read, such as an old spreadsheet."""
    found = []
    for path, relative in _visible(folder):
        if {suffix.lower() for suffix in path.suffixes} & UNREADABLE:
            found.append(relative.as_posix())
        elif zipfile.is_zipfile(path) and path.suffix.lower() == PACKED:
            with zipfile.ZipFile(path) as archive:
                inside = [
                    name
                    for name in archive.namelist()
                    if Path(name).suffix.lower() in (UNREADABLE | {PACKED, ".xlsx", ".xlsm", ".gz"})
                ]
            found += [f"{relative.as_posix()}/{name}" for name in inside]
    return found


def _visible(folder: Path) -> Iterator[tuple[Path, Path]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith((".", "_")) for part in relative.parts):
            yield path, relative


def table_of(file: InputFile, spec: SourceSpec) -> str | None:
    """The raw table a file belongs to by the name of its folder or of itself."""
    for name in file.names:
        for wanted in (snake_case(name), name.lower()):
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


def fingerprint(path: Path, *salts: str) -> str:
    """A digest of a file's content and of what else decides how it is read."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    for salt in salts:
        digest.update(salt.encode())
    return digest.hexdigest()
