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
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from orchestration.errors import ExplainedError
from orchestration.state import parse_json, sync, write_json

if TYPE_CHECKING:
    from orchestration.home import Home

FOLDER = "ledger"
MANIFEST = "manifest.json"
ENTRY = "close.json"
FORMAT = 1
FIRST_HASH = "0" * 64
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
TABLES = ("account_month", "arr_line", "retention")
TOTALS = ("opening_arr", "prior_period_adjustment_arr", "closing_arr", "accounts")


class LedgerError(ExplainedError):
    """The ledger is not as it was written, or the request does not fit it; says what to do."""


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    first_day: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a month written as 2025-11."""
        try:
            if MONTH.fullmatch(text):
                return cls(date.fromisoformat(f"{text}-01"))
        except ValueError:
            pass  # the year 0000
        raise LedgerError(f"'{text}' is not a month; write it as 2025-11.")

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


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _month(text: str) -> str:
    try:
        return str(Month.parse(text))
    except LedgerError as error:
        raise ValueError(str(error)) from error


def _all_tables(files: dict[str, LedgerFile]) -> dict[str, LedgerFile]:
    if missing := [name for name in TABLES if f"{name}.parquet" not in files]:
        raise ValueError(f"it has no {missing[0]}.parquet")
    return files


def _all_totals(totals: dict[str, str]) -> dict[str, str]:
    if missing := [name for name in TOTALS if name not in totals]:
        raise ValueError(f"it has no {missing[0]}")
    return totals


STRICT = ConfigDict(extra="forbid", strict=True)
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
# Empty until an entry is sealed.
SealHash = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
FileName = Annotated[str, Field(pattern=r"^[a-z_]+\.parquet$")]


@dataclass(frozen=True)
class LedgerFile:
    """One Parquet file of a close."""

    __pydantic_config__ = STRICT

    rows: int
    sha256: Hash


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

    __pydantic_config__ = STRICT

    month: Annotated[str, AfterValidator(_month)]
    as_of_date: Annotated[str, AfterValidator(_day)]
    closed_at: Annotated[str, AfterValidator(_moment)]
    closed_by: str
    run_id: str
    definition_version: str
    policy: dict[str, Any]
    totals: Annotated[dict[str, str], AfterValidator(_all_totals)]
    files: Annotated[dict[FileName, LedgerFile], AfterValidator(_all_tables)]
    previous_hash: Hash
    content_hash: SealHash = ""
    hash: SealHash = ""
    format: Literal[1] = FORMAT

    def sealed(self) -> Close:
        """Return the entry with its hashes."""
        bare = replace(self, content_hash=content_hash(self.files), hash="")
        return replace(bare, hash=_digest(asdict(bare)))

    @property
    def first_day(self) -> str:
        """The month's first day."""
        return f"{self.month}-01"

    @property
    def is_sealed(self) -> bool:
        """Whether the entry says what it said when it was sealed."""
        return self == self.sealed()


_ENTRY: TypeAdapter[Close] = TypeAdapter(Close)


def parse_close(content: object) -> Close:
    """Take an entry from what JSON said.

    Raises:
        ValueError: It is no entry; the text names what is wrong.
    """
    try:
        return _ENTRY.validate_json(json.dumps(content))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}") from error


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
        content = parse_json(file)
        if content.get("format") != FORMAT:
            raise ValueError(f"its format is {content.get('format')!r}, not {FORMAT}")
        if not isinstance(content.get("closes"), list):
            raise ValueError("it has no list of closes")
        return [parse_close(entry) for entry in content["closes"]]
    except ValueError as error:
        raise LedgerError(
            f"{file} cannot be read ({error}). Put back the ledger from your backup."
        ) from error


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
    write_manifest(folder, [*read_closes(home), sealed])
    return sealed


def write_manifest(folder: Path, closes: list[Close]) -> None:
    """Replace the list of the closes."""
    entries = [asdict(close) for close in closes]
    write_json(folder / MANIFEST, {"format": FORMAT, "closes": entries})


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
