"""Finding the export files of a source and the raw table each belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dlt.common.normalizers.naming.snake_case import NamingConvention

from orchestration.loads.spec import SourceSpec

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
UNREADABLE = {".xlsx", ".xls", ".ods", ".zip", ".7z", ".tar", ".bz2", ".zst", ".xml", ".avro"}
_NAMING = NamingConvention(63)


@dataclass(frozen=True)
class InputFile:
    """One export file: where it is, its path inside the source folder and its format."""

    path: Path
    relative: str
    format: str
    gzipped: bool

    @property
    def stem(self) -> str:
        """File name without its endings."""
        return Path(self.path.stem).stem if self.gzipped else self.path.stem


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
        if kind:
            found.append(InputFile(path, relative.as_posix(), kind, gzipped))
    return found


def unreadable_files(folder: Path) -> list[str]:
    """Files that may hold data in a format that is not read, such as a spreadsheet."""
    return [
        relative.as_posix()
        for path, relative in _visible(folder)
        if {suffix.lower() for suffix in path.suffixes} & UNREADABLE
    ]


def _visible(folder: Path) -> Iterator[tuple[Path, Path]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith((".", "_")) for part in relative.parts):
            yield path, relative


def table_of(file: InputFile, spec: SourceSpec) -> str | None:
    """The raw table a file belongs to by the name of its folder or of itself."""
    parts = Path(file.relative).parts
    name = parts[0] if len(parts) > 1 else file.stem
    wanted = snake_case(name)
    for table in spec.tables:
        if wanted == table:
            return table
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
