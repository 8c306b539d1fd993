"""A reader of what is published, who looks all the time and believes nothing."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

SECONDS_BETWEEN_LOOKS = 0.2
LINK = "customer_success.duckdb"


@dataclass
class Reader:
    """Reads as BI does: by the manifest, and by the link.

    Attributes:
        published: The folder.
        mixture: SQL that is true where the figures of one file are of two days.
        reads: How often something was read.
        mixed: What was no single publication, each once.
    """

    published: Path
    mixture: str | None = None
    reads: int = 0
    mixed: list[str] = field(default_factory=list)
    _known: dict[str, dict[str, int]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Reader:
        """Begin to look."""
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _look(self) -> None:
        while not self._stop.is_set():
            self.look()
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def look(self) -> None:
        """Read once."""
        if not (self.published / "manifest.json").is_file():
            return
        try:
            self._by_manifest()
            self._by_link()
        except (OSError, ValueError, KeyError, duckdb.Error) as error:
            self._note(f"cannot be read: {type(error).__name__}: {error}")
        self.reads += 1

    def _note(self, text: str) -> None:
        if text not in self.mixed:
            self.mixed.append(text)

    def _by_manifest(self) -> None:
        """Compare every file of a publication that was not seen yet with its hash."""
        manifest = json.loads((self.published / "manifest.json").read_text(encoding="utf-8"))
        if manifest["database"] in self._known:
            return
        files = {self.published / manifest["database"]: manifest["database_sha256"]}
        for name, table in manifest["marts"].items():
            files[self.published / manifest["parquet"] / f"{name}.parquet"] = table["sha256"]
        for file, digest in files.items():
            if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
                self._note(f"{file.name} is not what the manifest of {manifest['run_id']} says")
        rows = {name: table["rows"] for name, table in manifest["marts"].items()}
        self._known[manifest["database"]] = rows

    def _by_link(self) -> None:
        """Count the rows of the file that the link names."""
        named = (self.published / LINK).resolve()
        if not self._known and not named.is_file():
            # The first publication: the manifest is there, and its links are about to be.
            return
        with duckdb.connect(str(named), read_only=True) as connection:
            tables = connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
            counted = " union all ".join(
                f"select '{name}', count(*) from marts.\"{name}\"" for (name,) in tables
            )
            rows = dict(connection.execute(counted).fetchall())
            if self.mixture and connection.execute(self.mixture).fetchone() != (False,):
                self._note(f"{named.name} holds figures of two days")
        name = named.relative_to(self.published.resolve()).as_posix()
        if self._known.get(name, rows) != rows:
            self._note(f"{name} has other rows than its manifest says")
