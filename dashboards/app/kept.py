"""What is published, kept open while it is looked at, with the views that were made of it.

To open a file takes longer than to ask it, and most views stay the same when a filter changes that
they do not follow. A published file never changes, and a newer publication is another file: what is
kept belongs to one publication and goes with it, so nothing of an older one can be shown.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from duckdb import DuckDBPyConnection

from dashboards.cut import Cut
from dashboards.published import Published, read_tables
from dashboards.views.view import CSM, MONTH, SEGMENT, View
from orchestration.database import connect
from orchestration.memory import bound_memory
from orchestration.publish import SCHEMA, Publication

# An open page looks every 30 seconds whether something newer is published. Where none is open, a
# file that was removed meanwhile takes no room on the disk for longer than this.
IDLE_SECONDS = 120.0
MOST_BYTES = 64_000_000
# What a cell of a view's exact rows takes, with its part of the row.
CELL_BYTES = 100

Draw = Callable[[View, Published], str]
Fact = TypeVar("Fact")


@dataclass(frozen=True)
class Drawn:
    """A view, and the part of its HTML that is the same whatever filters are on.

    Attributes:
        view: The view.
        html: Its table, notes and definitions.
    """

    view: View
    html: str

    @property
    def size(self) -> int:
        """How many bytes it takes, roughly."""
        table, chart = self.view.table, self.view.chart
        cells = sum(len(row) for row in table.exact[:1]) * len(table.exact) if table else 0
        drawn = len(chart.drawing.get("data", {}).get("values", ())) if chart else 0
        return len(self.html) + CELL_BYTES * (cells + 10 * drawn)


class Views:
    """The views made of one publication: those looked at last, up to a number of bytes."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begin with none."""
        self.size = 0
        self._most_bytes = most_bytes
        self._drawn: OrderedDict[Hashable, Drawn] = OrderedDict()
        self._follows: dict[Callable[..., View], tuple[str, ...]] = {}
        self._facts: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    def once(self, read: Callable[..., Fact], published: Published, *told: Hashable) -> Fact:
        """Return what each look at a page asks anew and no filter changes: it is read once.

        Args:
            read: What reads it; there are to be few things that it is told.
            published: What it is read from.
            told: What else `read` is told.
        """
        key = (read, *told)
        if key not in self._facts:
            self._facts[key] = read(published, *told)
        return self._facts[key]

    def drawn(
        self, make: Callable[..., View], published: Published, told: Hashable, draw: Draw
    ) -> Drawn:
        """Return a view: as it was made before, if only filters differ that it does not follow.

        Args:
            make: What makes it.
            published: What it is made of.
            told: What else `make` is told: a cut, the id of an account, or None for nothing.
            draw: What makes its HTML.
        """
        with self._lock:
            if make in self._follows:
                key = (make, _followed(told, self._follows[make]))
                if key in self._drawn:
                    self._drawn.move_to_end(key)
                    return self._drawn[key]
        view = make(published) if told is None else make(published, told)
        made = Drawn(view, draw(view, published))
        with self._lock:
            self._follows[make] = view.follows
            key = (make, _followed(told, view.follows))
            if key not in self._drawn:
                self._drawn[key] = made
                self.size += made.size
            while self.size > self._most_bytes:
                self.size -= self._drawn.popitem(last=False)[1].size
        return made


def _followed(told: Hashable, follows: tuple[str, ...]) -> Hashable:
    """Return what of the filters makes a difference to a view that follows some of them."""
    if not isinstance(told, Cut):
        return told
    return Cut(
        told.dimension if SEGMENT in follows else None,
        told.value if SEGMENT in follows else None,
        told.csm_id if CSM in follows else None,
        told.month if MONTH in follows else None,
        told.also if SEGMENT in follows else (),
    )


@dataclass
class _File:
    """A published file that is open."""

    identity: tuple[int, ...]
    connection: DuckDBPyConnection
    tables: frozenset[str]
    publication: Publication
    views: Views = field(default_factory=Views)


class Shelf:
    """The files of the publication that was looked at last, for all sessions of the app."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Begin with nothing open."""
        self._idle_seconds = idle_seconds
        self._files: dict[Path, _File] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    @property
    def open_files(self) -> list[Path]:
        """The files that are open."""
        return list(self._files)

    @contextmanager
    def lent(
        self, folder: Path, name: str, publication: Publication
    ) -> Iterator[tuple[Published, Views]]:
        """Lend a published file, as long as a page is made, and the views made of it so far.

        Files of other publications are closed; who reads one reads it to the end.

        Args:
            folder: The folder of the published files.
            name: The file, by the manifest.
            publication: What the manifest says.

        Raises:
            DatabaseError: It cannot be opened.
        """
        with self._lock:
            file = self._opened(folder, name, publication)
            # Each page has a connection of its own: DuckDB's are not for several threads at once.
            cursor = file.connection.cursor()
            self._wait()
        try:
            cursor.execute(f"use {SCHEMA}")
            yield Published(folder / name, cursor, publication, file.tables), file.views
        finally:
            cursor.close()

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            self._keep(frozenset())

    def _opened(self, folder: Path, name: str, publication: Publication) -> _File:
        database = folder / name
        quality = publication.quality
        names = {publication.database, *([quality.database] if quality else [])}
        self._keep(frozenset(folder / each for each in names))
        file = self._files.get(database)
        if file and file.identity != _identity(database):
            # By hand: what is published is never written again.
            self._keep(frozenset(self._files) - {database})
            file = None
        if file is None:
            connection = connect(database, read_only=True, wait=False)
            bound_memory(connection)
            tables = read_tables(connection)
            file = _File(_identity(database), connection, tables, publication)
            self._files[database] = file
        elif file.publication != publication:
            # The manifest says more than it did, and views tell of it.
            file.publication, file.views = publication, Views()
        return file

    def _keep(self, wanted: frozenset[Path]) -> None:
        for database in self._files.keys() - wanted:
            # It closes with the last page that reads it: to close it would end their cursors.
            del self._files[database]

    def _wait(self) -> None:
        """Close what nobody looks at for a while."""
        if self._timer:
            self._timer.cancel()
        self._timer = threading.Timer(self._idle_seconds, self.close)
        self._timer.daemon = True
        self._timer.start()


def _identity(database: Path) -> tuple[int, ...]:
    try:
        found = database.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


SHELF = Shelf()
