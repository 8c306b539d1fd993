"""The drop folder of a connector: ``<table>/<moment>.jsonl`` files, and what the next fetch needs.

A file is written under a hidden name and renamed when it is whole. Each resource that is whole, and
how far a long one is, is noted in ``_unfinished.json``: a fetch that was killed goes on behind it.
A resource that is noted on its way has a file per part, ``<moment>_<part>.jsonl``. ``_state.json``
says what was fetched; it is replaced, at once, when all files of a fetch are in place. The raw
loader passes over names that begin with ``.`` or ``_``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from orchestration.state import read_json, sync, write_json

STATE, UNFINISHED = "_state.json", "_unfinished.json"
# What was begun longer ago is begun anew: the vendor's objects have moved on since.
GOES_ON_FOR = timedelta(hours=12)
STAMP = "%Y%m%dT%H%M%SZ"

Row = dict[str, Any]


class Drop:
    """One fetch into the drop folder of a vendor."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Begin a fetch, or go on with the one that was killed.

        Where what an earlier fetch noted cannot be read, everything is fetched anew.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.state: dict[str, Any] = read_json(folder / STATE)
        begun = read_json(folder / UNFINISHED)
        if begun and now - datetime.fromisoformat(begun["begun"]) < GOES_ON_FOR:
            self.begun = datetime.fromisoformat(begun["begun"])
            self.stamp: str = begun["stamp"]
            self.done: dict[str, Any] = begun["resources"]
            self.parts: dict[str, Any] = begun["parts"]
            self.said: list[str] = begun["said"]
        else:
            self.begun = now
            self.stamp = self._next_stamp(now)
            self.done, self.parts, self.said = {}, {}, []
        for left_over in folder.glob("*/.*.part"):
            left_over.unlink()

    def _next_stamp(self, now: datetime) -> str:
        """A name that sorts behind those of all fetches before, also when the clock went back."""
        stamps = [path.stem.partition("_")[0] for path in self.folder.glob("*/*.jsonl")]
        last = max([*stamps, self.state.get("stamp", "")])
        stamp = now.astimezone(UTC).strftime(STAMP)
        if stamp > last:
            return stamp
        after = datetime.strptime(last, STAMP).replace(tzinfo=UTC) + timedelta(seconds=1)
        return after.strftime(STAMP)

    def known(self, resource: str) -> dict[str, Any]:
        """What the last whole fetch noted of a resource; nothing before the first."""
        found: dict[str, Any] = self.state.get("resources", {}).get(resource, {})
        return found

    def is_news(self, text: str) -> bool:
        """Whether the last whole fetch did not say the same."""
        self.said.append(text)
        return text not in self.state.get("said", [])

    def finish(self, resource: str, note: dict[str, Any]) -> None:
        """Note that a resource is whole."""
        self.done[resource] = note
        self._note_unfinished()

    def note_part(self, resource: str, part: dict[str, Any]) -> None:
        """Note how far a resource is."""
        self.parts[resource] = part
        self._note_unfinished()

    def _note_unfinished(self) -> None:
        begun = {"begun": self.begun.isoformat(), "stamp": self.stamp}
        content = {"resources": self.done, "parts": self.parts, "said": self.said}
        write_json(self.folder / UNFINISHED, {**begun, **content})

    def commit(self) -> None:
        """End the fetch: its files are all there, so the next one begins where it ended."""
        resources = {**self.state.get("resources", {}), **self.done}
        state = {"stamp": self.stamp, "resources": resources, "said": self.said}
        write_json(self.folder / STATE, state)
        (self.folder / UNFINISHED).unlink(missing_ok=True)

    def rows(self, table: str, *, of_this_fetch: bool = False) -> Iterator[Row]:
        """The rows that were written of a table, the oldest first."""
        pattern = f"{self.stamp}*.jsonl" if of_this_fetch else "*.jsonl"
        for path in sorted((self.folder / table).glob(pattern)):
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)


class Writer:
    """Writes the rows of one resource to the files of its tables; nothing is seen until it ends.

    with Writer(drop, resource.tables, {}) as writer:
        writer.row("customer", {...})
    """

    def __init__(self, drop: Drop, tables: tuple[str, ...], part: dict[str, Any]) -> None:
        """Take the fetch, the tables that may be written, and the part that was noted last."""
        self._drop = drop
        self._open: dict[str, IO[str]] = {}
        self._tables = tables
        self.number: int = part.get("number", 0)
        self.counts: dict[str, int] = dict(part.get("rows", {}))
        self.files: list[str] = list(part.get("files", []))

    def row(self, table: str, row: Row) -> None:
        """Write one row."""
        if table not in self._tables:
            raise ValueError(f"{table} is not one of {self._tables}")
        if table not in self._open:
            self._part(table).parent.mkdir(parents=True, exist_ok=True)
            self._open[table] = self._part(table).open("w", encoding="utf-8")
        self._open[table].write(json.dumps(row, separators=(",", ":")) + "\n")
        self.counts[table] = self.counts.get(table, 0) + 1

    def __enter__(self) -> Writer:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Put the files in place; after an error, leave none of the part."""
        if kind is None:
            self.end_part()
            return
        for table, stream in self._open.items():
            stream.close()
            self._part(table).unlink(missing_ok=True)

    def end_part(self) -> dict[str, Any]:
        """Put the files in place and begin others; what is to be noted of the part."""
        for stream in self._open.values():
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
        for table in self._open:
            self._part(table).replace(self._drop.folder / table / f"{self._name}.jsonl")
            sync(self._part(table).parent)
            self.files.append(f"{table}/{self._name}.jsonl")
        self._open = {}
        self.number += 1
        return {"number": self.number, "rows": self.counts, "files": self.files}

    @property
    def _name(self) -> str:
        return f"{self._drop.stamp}_{self.number:05}" if self.number else self._drop.stamp

    def _part(self, table: str) -> Path:
        return self._drop.folder / table / f".{self._name}.jsonl.part"


def digest(row: Row) -> str:
    """A short digest of what a row says."""
    text = json.dumps(row, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:20]
