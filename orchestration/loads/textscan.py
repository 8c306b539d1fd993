"""Finding the records of a text file: exact line numbers, broken lines set apart.

Fast CSV readers lose line numbers, and one stray quote can swallow a thousand lines. So each
text file is scanned first, in blocks, with numpy: where records start, how many fields they
have, whether quotes and encoding are sound. The reader then gets only sound records: the file
itself when nothing is broken, else a cleaned copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from orchestration.loads.model import FileError

BLOCK = 32 * 1024 * 1024
LONGEST_RECORD = 8 * 1024 * 1024
NEWLINE, RETURN, QUOTE, NUL = 10, 13, 34, 0
DELIMITERS = ",;\t|"
BOM = b"\xef\xbb\xbf"

UNCLOSED = "a quote is opened and not closed; close it, or double it inside a quoted field"

Positions = npt.NDArray[np.int64]


@dataclass
class Broken:
    """A record that cannot be read at all."""

    line: int
    reason: str


@dataclass
class Block:
    """Whole lines of a file: the bytes, where lines begin and end, number of the first one."""

    data: bytes
    starts: Positions
    ends: Positions
    first_line: int
    last: bool


@dataclass
class TextScan:
    """Result of a scan: what to read and how its records map to lines of the file."""

    path: Path
    clean: Path
    header: list[str] = field(default_factory=list)
    delimiter: str = ","
    skip: int = 0
    first: int = 0
    lines: Positions | None = None
    rows: int = 0
    broken: list[Broken] = field(default_factory=list)
    longest: int = 0
    cut_off: bool = False
    open_line: int | None = None


class BlockReader:
    """Reads a file as blocks of whole lines."""

    def __init__(self, path: Path, skip_bytes: int = 0, first_line: int = 1) -> None:
        """Read from a place in the file that is the start of a line."""
        self._path = path
        self._skip = skip_bytes
        self._line = first_line
        self._rest = b""

    def __iter__(self) -> Iterator[Block]:
        """Give block after block; the last one is marked."""
        with self._path.open("rb") as stream:
            stream.seek(self._skip)
            while True:
                more = stream.read(BLOCK)
                data = self._rest + more
                end = data.rfind(b"\n") + 1 if more else len(data)
                if more and not end and len(data) > 2 * BLOCK:
                    raise FileError("the file has no line ends; export it as lines of text")
                self._rest = data[end:]
                if end:
                    block = _block(data[:end], self._line, last=not more)
                    self._line += len(block.starts)
                    yield block
                if not more:
                    return

    def put_back(self, block: Block, line: int) -> None:
        """Give the lines of a block from this one on again, with the next block.

        For a record that a block cuts in two because it has line breaks inside quotes.
        """
        self._rest = block.data[block.starts[line] :] + self._rest
        self._line = block.first_line + line


def _block(data: bytes, first_line: int, *, last: bool) -> Block:
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == NEWLINE) + 1
    if not len(ends) or ends[-1] != len(data):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1]))
    return Block(data, starts, ends, first_line, last)


def raw_lines(
    path: Path, wanted: Positions, *, quoted: bool, unclosed: frozenset[int] = frozenset()
) -> Iterator[tuple[int, str]]:
    """The text of records by the lines they start on (ascending).

    Args:
        path: The text file.
        wanted: Numbers of the lines.
        quoted: Whether a record may have line breaks inside quotes; it is then given whole.
        unclosed: Lines with a quote that never closes; they are given alone.
    """
    targets = iter(wanted.tolist())
    target = next(targets, None)
    if target is None:
        return
    with path.open("rb") as stream:
        pending: list[bytes] = []
        for number, line in enumerate(stream, start=1):
            if pending:
                pending.append(line)
                if sum(part.count(b'"') for part in pending) % 2 == 0:
                    yield target, _shown(b"".join(pending))
                elif len(pending) < 200 and sum(map(len, pending)) < LONGEST_RECORD:
                    continue
                else:
                    yield target, _shown(pending[0])
                pending = []
                target = next(targets, None)
                if target is None:
                    return
            elif number == target:
                if quoted and number not in unclosed and line.count(b'"') % 2:
                    pending = [line]
                    continue
                yield target, _shown(line)
                target = next(targets, None)
                if target is None:
                    return
        if pending:
            yield target, _shown(pending[0])


def _shown(raw: bytes) -> str:
    return raw.rstrip(b"\r\n").decode("utf-8", errors="replace").replace("\x00", "\ufffd")


def csv_fields(record: str, delimiter: str) -> int | None:
    """Number of fields of one record, or None when its quotes are not sound."""
    parts = record.split('"')
    outside = parts[::2]
    if len(parts) % 2 == 0 or any("\n" in part for part in outside):
        return None
    for index, part in enumerate(outside):
        first, final = index == 0, index == len(outside) - 1
        doubled = not part and not first and not final
        opens = final or part.endswith(delimiter) or (first and not part)
        closes = first or part.startswith(delimiter) or (final and not part)
        if not doubled and not (opens and closes):
            return None
    return sum(part.count(delimiter) for part in outside) + 1
