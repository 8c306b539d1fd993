"""Is the ledger as this home wrote it? Everything that differs is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.ledger import (
    ENTRY,
    FIRST_HASH,
    FOLDER,
    MANIFEST,
    MONTH,
    Close,
    LedgerError,
    Month,
    ledger_folder,
    parse_close,
    read_closes,
    write_manifest,
)
from orchestration.ledger_memory import Memory, remember, write_closes
from orchestration.publish import note_closes
from orchestration.state import parse_json, sha256_of

if TYPE_CHECKING:
    from orchestration.home import Home


def problems(home: Home, *, noted: str | None = None, wait: bool = False) -> list[str]:
    """Compare the ledger with what was written, and name everything that differs.

    Args:
        home: The home.
        noted: The hash of the last entry, as a person noted it: it vouches for all entries.
        wait: Wait while another process writes the warehouse.

    Raises:
        LedgerError: The warehouse, which knows the closes it was loaded with, cannot be read.
    """
    folder = ledger_folder(home)
    try:
        closes = read_closes(home)
    except LedgerError as error:
        return [str(error)]
    memory = remember(home, wait=wait)
    is_vouched_for = bool(noted and closes and closes[-1].hash.startswith(noted))
    return [
        *_broken_chain(closes),
        *_broken_files(folder, closes),
        *_strangers(folder, closes),
        *dict.fromkeys(_not_as_remembered(folder, closes, memory)),
        *([] if is_vouched_for else _foreign(closes, memory)),
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
        elif _entry_in(month_folder) != close:
            yield f"{close.month}/{ENTRY} does not say what {MANIFEST} says."


def _entry_in(month_folder: Path) -> Close | None:
    try:
        return parse_close(parse_json(month_folder / ENTRY))
    except (OSError, ValueError):
        return None


def _strangers(folder: Path, closes: list[Close]) -> Iterator[str]:
    """Name what lies in the ledger and was not written there by a close."""
    if not folder.is_dir():
        if folder.exists():
            yield f"{FOLDER} is no folder."
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


def _not_as_remembered(folder: Path, closes: list[Close], memory: Memory) -> Iterator[str]:
    """Name the months that were closed and are not there any more, or are others."""
    entries = {close.month: close for close in closes}
    remembered = [(month, {"hash": digest}) for month, digest in memory.published.items()]
    remembered += [(row["first_day"][:7], row) for row in memory.rows]
    for month, known in sorted(remembered, key=lambda each: each[0]):
        close = entries.get(month)
        if close is None and not (folder / month).is_dir():
            yield (
                f"{month} is missing: this home remembers that it was closed. Put back the folder "
                f"{FOLDER}/ from a backup."
            )
        elif close and any(getattr(close, name) != said for name, said in known.items()):
            yield f"{month} was closed another time: its entry is not the one this home remembers."


def _foreign(closes: list[Close], memory: Memory) -> Iterator[str]:
    """Name the entries that this home, which remembers its own, did not write."""
    for close in closes:
        if memory.knows_hashes and close.hash not in memory.written:
            yield (
                f"{close.month} was not closed by this home. Take it out of {FOLDER}/. If it is "
                "right, and the home was put back from an older backup, take it in by the last "
                "hash as it was noted: csw close adopt <hash>."
            )


def require_intact(home: Home, *, noted: str | None = None, wait: bool = False) -> list[Close]:
    """Refuse to go on with a ledger that is not as this home wrote it. The lock must be held.

    Returns:
        The closes.

    Raises:
        LedgerError: Names every file that was changed, removed or added.
    """
    finish_interrupted(home, wait=wait)
    found = problems(home, noted=noted, wait=wait)
    if found:
        listed = "\n".join(f"- {problem}" for problem in found)
        raise LedgerError(
            f"The ledger in {ledger_folder(home)} is not as it was written:\n{listed}\n"
            "Put the named files back from your backup. `csw close verify` checks again."
        )
    return read_closes(home)


def finish_interrupted(home: Home, *, wait: bool = False) -> None:
    """Enter a month that this home wrote whole, and that the manifest does not name.

    That is what a kill in a close leaves, or a manifest that was cut short. A month that the home
    does not remember to have written is not entered, however well it follows.
    """
    folder = ledger_folder(home)
    closes = read_closes(home)
    written: set[str] | None = None
    for path in sorted(folder.glob("????-??")) if folder.is_dir() else []:
        close = _entry_in(path)
        if close is None or path.name != close.month or close in closes:
            continue
        follows = close.previous_hash == (closes[-1].hash if closes else FIRST_HASH)
        if not (follows and close.is_sealed and not list(_broken_files(folder, [close]))):
            continue
        if written is None:
            written = remember(home, wait=wait).written
        if close.hash in written:
            closes = [*closes, close]
            write_manifest(folder, closes)


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
    closes = require_intact(home, wait=wait)
    write_closes(home, closes, definition_version, wait=wait)
    return len(closes)


def adopt(home: Home, noted: str) -> list[Close]:
    """Take in a ledger that this home does not remember, by the hash that a person noted.

    Raises:
        LedgerError: It is not whole, or differs from what the home does remember.
    """
    closes = require_intact(home, noted=noted)
    hashes = {close.month: close.hash for close in closes}
    note_closes(home.published, closes=hashes, closing={})
    write_closes(home, closes, closes[-1].definition_version)
    return closes
