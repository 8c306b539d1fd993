"""The ledger: closed months as they were reported, on files that are written once.

`<home>/ledger/<month>/` holds one Parquet file per table and `close.json`, the entry of the close.
`<home>/ledger/manifest.json` lists the entries of all closes. An entry has the hash of each of its
files and the hash of the entry before it, so that a file or an entry that was changed, removed or
put in between is found and named. Nothing here is derived from the warehouse again: it survives
the loss of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb

from orchestration.database import DatabaseError, connect
from orchestration.errors import ExplainedError
from orchestration.state import sync, write_json

if TYPE_CHECKING:
    from orchestration.home import Home

FOLDER = "ledger"
MANIFEST = "manifest.json"
ENTRY = "close.json"
FORMAT = 1
FIRST_HASH = "0" * 64
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
HASH_CHUNK = 1 << 20
# The ledger's tables as they are in the warehouse when no month is closed: name, columns.
EMPTY_TABLES = {
    "closes": (
        "close_month date, as_of_date date, closed_at timestamp, closed_by varchar, "
        "run_id varchar, definition_version varchar, content_hash varchar"
    ),
    "definition": "definition_version varchar",
}
CLOSE_COLUMNS = (
    "as_of_date",
    "closed_at",
    "closed_by",
    "run_id",
    "definition_version",
    "content_hash",
)
TABLES = ("account_month", "arr_line", "retention")


class LedgerError(ExplainedError):
    """The ledger is not as it was written, or the request does not fit it; says what to do."""


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    first_day: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a month written as 2025-11."""
        if not MONTH.fullmatch(text):
            raise LedgerError(f"'{text}' is not a month; write it as 2025-11.")
        return cls(date.fromisoformat(f"{text}-01"))

    def __str__(self) -> str:
        """Write the month as 2025-11."""
        return f"{self.first_day:%Y-%m}"

    @property
    def next(self) -> Month:
        """The month after."""
        return Month((self.first_day + timedelta(days=31)).replace(day=1))

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return self.next.first_day - timedelta(days=1)


@dataclass(frozen=True)
class LedgerFile:
    """One Parquet file of a close."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class Close:
    """The entry of one close.

    Attributes:
        month: The month, as 2025-11.
        as_of_date: The day the figures were known at.
        closed_at: When it was closed, UTC.
        closed_by: Who closed it.
        run_id: The refresh whose published figures were taken.
        definition_version: The version of the metric definition.
        policy: The metric policies in force.
        totals: Figures of the month, for a person to read.
        files: The Parquet files by name.
        previous_hash: The hash of the entry before, zeros for the first.
        content_hash: The hash of the files' hashes.
        hash: The hash of all of this.
    """

    month: str
    as_of_date: str
    closed_at: str
    closed_by: str
    run_id: str
    definition_version: str
    policy: dict[str, Any]
    totals: dict[str, str]
    files: dict[str, LedgerFile]
    previous_hash: str
    content_hash: str = ""
    hash: str = ""
    format: int = field(default=FORMAT)

    def sealed(self) -> Close:
        """Return the entry with its hashes."""
        content = {**asdict(self), "content_hash": content_hash(self.files), "hash": ""}
        return Close.read({**content, "hash": _digest(content)})

    @property
    def is_sealed(self) -> bool:
        """Whether the entry says what it said when it was sealed."""
        return self == self.sealed()

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Close:
        """Take an entry from JSON."""
        files = {name: LedgerFile(**file) for name, file in content["files"].items()}
        return cls(**{**content, "files": files})


def content_hash(files: Mapping[str, LedgerFile]) -> str:
    """Return one hash for the files of a close."""
    return _digest({name: file.sha256 for name, file in files.items()})


def ledger_folder(home: Home) -> Path:
    """Return the folder of a home's ledger."""
    return home.path / FOLDER


def read_closes(home: Home) -> list[Close]:
    """Return the closes of the manifest in the order in which they were made.

    Raises:
        LedgerError: The manifest cannot be read.
    """
    file = ledger_folder(home) / MANIFEST
    if not file.is_file():
        return []
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return [Close.read(entry) for entry in content["closes"]]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise LedgerError(
            f"{file} cannot be read ({error}). Put back the ledger from your backup."
        ) from error


def problems(home: Home) -> list[str]:
    """Compare the ledger with what was written, and name everything that differs.

    Raises:
        LedgerError: The warehouse, which knows the closes it was loaded with, cannot be read.
    """
    folder = ledger_folder(home)
    try:
        closes = read_closes(home)
    except LedgerError as error:
        return [str(error)]
    return [
        *_broken_chain(closes),
        *_broken_files(folder, closes),
        *_strangers(folder, closes),
        *_lost(home, closes),
    ]


def _broken_chain(closes: list[Close]) -> Iterator[str]:
    previous: Close | None = None
    for close in closes:
        if not close.is_sealed:
            yield f"{MANIFEST}: the entry of {close.month} was changed after the close."
        expected = previous.hash if previous else FIRST_HASH
        if close.previous_hash != expected:
            before = f"that of {previous.month}" if previous else "the beginning"
            yield f"{MANIFEST}: the entry of {close.month} does not follow {before}."
        elif previous and Month.parse(close.month) != Month.parse(previous.month).next:
            yield f"{MANIFEST}: {close.month} does not come after {previous.month}."
        previous = close


def _broken_files(folder: Path, closes: list[Close]) -> Iterator[str]:
    for close in closes:
        month_folder = folder / close.month
        for name, expected in close.files.items():
            file = month_folder / name
            if not file.is_file():
                yield f"{close.month}/{name} is missing."
            elif sha256_of(file) != expected.sha256:
                yield f"{close.month}/{name} was changed after the close."
        entry = month_folder / ENTRY
        if not entry.is_file():
            yield f"{close.month}/{ENTRY} is missing."
        elif not _same_entry(entry, close):
            yield f"{close.month}/{ENTRY} does not say what {MANIFEST} says."


def _same_entry(entry: Path, close: Close) -> bool:
    try:
        return Close.read(json.loads(entry.read_text(encoding="utf-8"))) == close
    except (json.JSONDecodeError, KeyError, TypeError):
        return False


def _strangers(folder: Path, closes: list[Close]) -> Iterator[str]:
    """Name what lies in the ledger and was not written there by a close."""
    if not folder.is_dir():
        return
    known = {close.month: {*close.files, ENTRY} for close in closes}
    if not closes and any(MONTH.fullmatch(path.name) for path in folder.iterdir()):
        yield f"{MANIFEST} is missing or empty, and there are closed months."
    for path in sorted(folder.iterdir()):
        if path.name == MANIFEST or path.name.startswith("."):
            continue
        if path.name not in known:
            yield f"{path.name} is not in {MANIFEST}."
        elif path.is_dir():
            extra = sorted(
                item.name for item in path.iterdir() if item.name not in known[path.name]
            )
            yield from (f"{path.name}/{name} was added after the close." for name in extra)


def _lost(home: Home, closes: list[Close]) -> Iterator[str]:
    """Name the months that the warehouse was loaded with and the ledger has no more, or others."""
    folder = ledger_folder(home)
    entries = {close.month: _row(close) for close in closes}
    for known in _known_rows(home):
        month = known[0][:7]
        if month in entries and entries[month] != known:
            yield f"{month} was closed another time: its entry is not the one the warehouse knows."
        elif month not in entries and not (folder / month).is_dir():
            yield (
                f"{month} is missing: the warehouse knows that it was closed. Put back the folder "
                f"{FOLDER}/ from a backup."
            )


def _known_rows(home: Home) -> list[tuple[str, ...]]:
    """Return the closes the warehouse was loaded with; none when there is no warehouse."""
    if not home.warehouse.is_file():
        return []
    try:
        with connect(home.warehouse, read_only=True, wait=False) as connection:
            return connection.execute(
                "select strftime(close_month, '%Y-%m-%d'), strftime(as_of_date, '%Y-%m-%d'), "
                "strftime(closed_at, '%Y-%m-%dT%H:%M:%S'), closed_by, run_id, "
                "definition_version, content_hash from ledger.closes order by close_month"
            ).fetchall()
    except duckdb.CatalogException:
        return []
    except DatabaseError as error:
        raise LedgerError(f"The ledger cannot be compared with the warehouse: {error}") from error


def _row(close: Close) -> tuple[str, ...]:
    """Return the close as a row of the warehouse's table `closes`."""
    return (f"{close.month}-01", *(getattr(close, column) for column in CLOSE_COLUMNS))


def require_intact(home: Home) -> None:
    """Refuse to go on with a ledger that is not as it was written.

    Raises:
        LedgerError: Names every file that was changed, removed or added.
    """
    _finish_interrupted(home)
    found = problems(home)
    if found:
        listed = "\n".join(f"- {problem}" for problem in found)
        raise LedgerError(
            f"The ledger in {ledger_folder(home)} is not as it was written:\n{listed}\n"
            "Put the named files back from your backup. `csw close verify` checks again."
        )


def _finish_interrupted(home: Home) -> None:
    """Enter a close that was written whole, and stopped before the manifest named it."""
    folder = ledger_folder(home)
    closes = read_closes(home)
    following = Month.parse(closes[-1].month).next if closes else None
    for path in sorted(folder.glob("????-??")) if folder.is_dir() else []:
        entry = path / ENTRY
        if not entry.is_file() or (following and path.name != str(following)):
            continue
        try:
            close = Close.read(json.loads(entry.read_text(encoding="utf-8")))
        except (json.JSONDecodeError, KeyError, TypeError):
            continue
        last_hash = closes[-1].hash if closes else FIRST_HASH
        whole = not list(_broken_files(folder, [close]))
        if close.is_sealed and close.previous_hash == last_hash and whole:
            _write_manifest(folder, [*closes, close])
            closes, following = [*closes, close], Month.parse(close.month).next


def load_ledger(home: Home, definition_version: str = "", *, wait: bool = True) -> int:
    """Copy the verified ledger into schema `ledger` of the warehouse, for the dbt models.

    Args:
        home: The home; its warehouse is written, its ledger only read.
        definition_version: The version in force now, kept beside the closes.
        wait: Wait while another process has the warehouse open.

    Returns:
        How many months are closed.

    Raises:
        LedgerError: The ledger is not as it was written.
    """
    require_intact(home)
    closes = read_closes(home)
    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with connect(home.warehouse, wait=wait) as connection:
        connection.execute("begin")
        connection.execute("create schema if not exists ledger")
        for name, columns in EMPTY_TABLES.items():
            connection.execute(f"create or replace table ledger.{name} ({columns})")
        connection.execute("insert into ledger.definition values (?)", [definition_version or None])
        rows = [_row(close) for close in closes]
        if rows:
            connection.executemany("insert into ledger.closes values (?, ?, ?, ?, ?, ?, ?)", rows)
        for name in TABLES:
            _load_table(connection, ledger_folder(home), name, closes)
        connection.execute("commit")
    return len(closes)


def _load_table(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, closes: list[Close]
) -> None:
    files = [str(folder / close.month / f"{name}.parquet") for close in closes]
    if not files:
        connection.execute(f"drop table if exists ledger.{name}")
        return
    # A later close may have columns that an earlier one had not.
    connection.execute(
        f"create or replace table ledger.{name} as "
        "select * from read_parquet(?, union_by_name = true, hive_partitioning = false)",
        [files],
    )


def append(home: Home, close: Close, staged: Path) -> Close:
    """Put a month into the ledger: all of it, or nothing.

    The folder with the files is moved into place, then the manifest is replaced. What a crash
    between the two leaves is whole, and is entered by whoever opens the ledger next.
    """
    folder = ledger_folder(home)
    sealed = close.sealed()
    for file in staged.iterdir():
        sync(file)
    write_json(staged / ENTRY, asdict(sealed))
    staged.replace(folder / sealed.month)
    sync(folder)
    _write_manifest(folder, [*read_closes(home), sealed])
    return sealed


def _write_manifest(folder: Path, closes: list[Close]) -> None:
    entries = [asdict(close) for close in closes]
    write_json(folder / MANIFEST, {"format": FORMAT, "closes": entries})


def sha256_of(file: Path) -> str:
    """Return the hash of a file's bytes."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
