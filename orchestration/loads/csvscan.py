"""The scan of a CSV file: header, delimiter, sound and broken records."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from orchestration.loads.model import FileError
from orchestration.loads.settings import AS_WRITTEN, FileSettings
from orchestration.loads.textscan import (
    BOM,
    DELIMITERS,
    LONGEST_RECORD,
    NEWLINE,
    NUL,
    QUOTE,
    RETURN,
    UNCLOSED,
    Block,
    BlockReader,
    Broken,
    Positions,
    TextScan,
    csv_fields,
)
from orchestration.loads.unpack import encoding_advice

INNER_QUOTE = (
    "a quote stands inside a field; put the whole field in quotes and double the quotes "
    "inside it (\"\"); where a backslash stands before it, say escape: '\\' in mapping.yml"
)
NOT_UTF8 = "is not valid UTF-8"
# The line by which Excel is told the delimiter.
SEPARATOR = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
LONE_RETURN = "a carriage return stands inside the line; put the field in quotes or remove it"


@dataclass
class _Records:
    """Records of one block: first and last line of each, and the reasons of broken ones."""

    first: Positions
    last: Positions
    reasons: dict[int, str]


def scan_csv(path: Path, folder: Path, name: str, reading: FileSettings = AS_WRITTEN) -> TextScan:
    """Scan a CSV file; broken records are left out of the cleaned copy that is read."""
    header, delimiter, offset, line = _header(path, reading)
    scan = TextScan(path, path, header, delimiter, skip=line, first=line)
    cleaned = _Cleaner(folder / name, scan)
    numbers: list[Positions] = []
    regular = True
    reader = BlockReader(path, offset, line + 1)
    for whole in reader:
        block, records = _records(whole, delimiter, len(header), reader)
        good = np.ones(len(records.first), dtype=bool)
        good[list(records.reasons)] = False
        blank = _blank(block, records, delimiter, len(header))
        good &= ~blank
        for index in sorted(records.reasons):
            if not blank[index]:
                number = int(records.first[index]) + block.first_line
                scan.broken.append(Broken(number, records.reasons[index]))
        kept = records.first[good] + block.first_line
        start = line + 1 + scan.rows
        regular = regular and np.array_equal(kept, np.arange(start, start + len(kept)))
        numbers.append(kept)
        scan.rows += len(kept)
        lengths = block.ends[records.last] - block.starts[records.first]
        scan.longest = max(scan.longest, int(lengths.max(initial=0)))
        if block.last and not block.data.endswith(b"\n") and len(good):
            scan.open_line = int(records.first[-1]) + block.first_line
            scan.cut_off = not good[-1] and not blank[-1]
        cleaned.add(block, records, good)
    cleaned.close()
    if any(item.reason.endswith(NOT_UTF8) for item in scan.broken):
        advice = encoding_advice(path)
        for item in scan.broken:
            if item.reason.endswith(NOT_UTF8):
                item.reason += f"; {advice}"
    if not regular:
        scan.lines = np.concatenate(numbers)
    return scan


def _header(path: Path, reading: FileSettings) -> tuple[list[str], str, int, int]:
    """Names, delimiter, bytes up to the first record and number of the header's line."""
    offset = 0
    told = reading.delimiter
    with path.open("rb") as stream:
        for line, raw in enumerate(stream, start=1):
            offset += len(raw)
            content = raw.removeprefix(BOM) if line == 1 else raw
            if reading.header_row and line < reading.header_row:
                continue
            if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content:
                raise FileError(f"the file is not UTF-8 text; {encoding_advice(path)}")
            if not content.strip():
                if reading.header_row:
                    raise FileError(f"line {line} is empty; header_row is to name the header")
                continue
            try:
                text = content.decode("utf-8").strip("\r\n")
            except UnicodeDecodeError as problem:
                raise FileError(
                    f"line {line}, the header, {NOT_UTF8}; {encoding_advice(path)}"
                ) from problem
            if "\r" in text:
                raise FileError("the lines end with carriage returns; save with normal line ends")
            if line == 1 and (separator := SEPARATOR.match(text)):
                told = told or separator.group(1)
                continue
            delimiter = told or max(DELIMITERS, key=text.count)
            if text.count(delimiter) == 0 and not told:
                delimiter = ","
            try:
                names = next(csv.reader([text], delimiter=delimiter, strict=True))
            except csv.Error as problem:
                raise FileError(
                    f"line {line}, the header, cannot be read ({problem}); it must name the "
                    "columns on one line (header_row in mapping.yml says which)"
                ) from problem
            return names, delimiter, offset, line
    raise FileError("the file has no header line; export it again with column names")


def _records(
    block: Block, delimiter: str, fields: int, reader: BlockReader
) -> tuple[Block, _Records]:
    """Join the lines of a block to records and judge each.

    A record the block cuts in two is put back; the block then ends before it.
    """
    data = np.frombuffer(block.data, dtype=np.uint8)
    quotes = np.flatnonzero(data == QUOTE)
    first = last = np.arange(len(block.starts))
    reasons: dict[int, str] = {}
    if len(quotes):
        per_line = np.diff(np.searchsorted(quotes, np.append(block.starts, len(data))))
        odd = np.flatnonzero(per_line & 1)
        if len(odd):
            first, last, unclosed = _join(block, odd, delimiter, fields)
            tail = unclosed[-1] if unclosed and unclosed[-1] == odd[-1] else None
            if (
                tail is not None
                and not block.last
                and len(data) - block.starts[tail] < LONGEST_RECORD
            ):
                reader.put_back(block, tail)
                return _records(_cut(block, tail), delimiter, fields, reader)
            places = np.searchsorted(first, unclosed)
            reasons = dict.fromkeys(places.tolist(), UNCLOSED)
    starts, ends = block.starts[first], block.ends[last]
    delimiters = np.flatnonzero(data == ord(delimiter))
    returns = np.flatnonzero(data == RETURN)
    returns = returns[data[np.minimum(returns + 1, len(data) - 1)] != NEWLINE]
    if len(quotes):
        delimiters = _outside(delimiters, starts, quotes)
        returns = _outside(returns, starts, quotes)
        for index in _badly_quoted(data, starts, ends, quotes, ord(delimiter)).tolist():
            reasons.setdefault(index, INNER_QUOTE)
    for index in np.unique(np.searchsorted(starts, returns, side="right") - 1).tolist():
        reasons.setdefault(index, LONE_RETURN)
    found = np.diff(np.searchsorted(delimiters, np.append(starts, len(data)))) + 1
    for index in np.flatnonzero(found != fields).tolist():
        reasons.setdefault(index, _count_reason(int(found[index]), fields))
    for index, reason in _bad_bytes(block, data, first, last):
        if reasons.get(index) != UNCLOSED:
            reasons[index] = reason
    return block, _Records(first, last, reasons)


def _cut(block: Block, line: int) -> Block:
    """The lines of a block before this one."""
    data = block.data[: block.starts[line]]
    return Block(data, block.starts[:line], block.ends[:line], block.first_line, last=False)


def _count_reason(found: int, fields: int) -> str:
    if found > fields:
        advice = "put values that contain the delimiter in quotes"
    else:
        advice = "the line is broken off or a field is missing"
    return f"the line has {found} fields and the header has {fields}; {advice}"


def _join(
    block: Block, odd: Positions, delimiter: str, fields: int
) -> tuple[Positions, Positions, list[int]]:
    """Join lines between an opened and a closed quote where that makes a sound record.

    Returns:
        First and last line of each record, and the lines with a quote that never closes.
    """
    count = len(block.starts)
    inside = np.zeros(count, dtype=bool)
    ends = np.arange(count)
    unclosed: list[int] = []
    position = 0
    while position < len(odd):
        start = int(odd[position])
        stop = int(odd[position + 1]) if position + 1 < len(odd) else -1
        if stop > 0 and block.ends[stop] - block.starts[start] <= LONGEST_RECORD:
            raw = block.data[block.starts[start] : block.ends[stop]]
            content = raw.decode("utf-8", errors="replace").rstrip("\r\n")
            if csv_fields(content, delimiter) == fields:
                inside[start + 1 : stop + 1] = True
                ends[start] = stop
                position += 2
                continue
        unclosed.append(start)
        position += 1
    first = np.flatnonzero(~inside)
    return first, ends[first], unclosed


def _outside(delimiters: Positions, starts: Positions, quotes: Positions) -> Positions:
    """Delimiters that are not inside quotes, by the parity of quotes since the record began."""
    before_record = np.searchsorted(quotes, starts)
    record = np.searchsorted(starts, delimiters, side="right") - 1
    parity = (np.searchsorted(quotes, delimiters) - before_record[record]) & 1
    return delimiters[parity == 0]


def _badly_quoted(
    data: np.ndarray, starts: Positions, ends: Positions, quotes: Positions, delimiter: int
) -> Positions:
    """Records in which a quote opens or closes anywhere but at the edge of a field."""
    record = np.searchsorted(starts, quotes, side="right") - 1
    order = np.arange(len(quotes)) - np.searchsorted(quotes, starts)[record]
    opening = (order & 1) == 0
    before = np.where(quotes > starts[record], data[quotes - 1], delimiter)
    after_at = np.minimum(quotes + 1, len(data) - 1)
    after = np.where(quotes + 1 < ends[record], data[after_at], NEWLINE)
    doubled = (order > 0) & (before == QUOTE)
    opens_well = (before == delimiter) | doubled
    closes_well = np.isin(after, [delimiter, NEWLINE, RETURN, QUOTE])
    return np.unique(record[np.where(opening, ~opens_well, ~closes_well)])


def _bad_bytes(
    block: Block, data: np.ndarray, first: Positions, last: Positions
) -> Iterator[tuple[int, str]]:
    """Records with zero bytes, or bytes that are not UTF-8."""
    starts = block.starts[first]
    zero = np.flatnonzero(data == NUL)
    for index in np.unique(np.searchsorted(starts, zero, side="right") - 1):
        yield int(index), "the line contains zero bytes; export the file again as UTF-8 text"
    try:
        block.data.decode("utf-8")
    except UnicodeDecodeError:
        high = np.flatnonzero(data >= 0x80)
        for index in np.unique(np.searchsorted(starts, high, side="right") - 1):
            raw = block.data[starts[index] : block.ends[last[index]]]
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError as problem:
                yield (
                    int(index),
                    f"byte {problem.start + 1} of the line {NOT_UTF8}",
                )


def _blank(block: Block, records: _Records, delimiter: str, fields: int) -> np.ndarray:
    """Records without a value: empty lines, and those of delimiters only that Excel writes."""
    lengths = block.ends[records.last] - block.starts[records.first]
    blank = np.zeros(len(lengths), dtype=bool)
    nothing = f"\r\n{delimiter}".encode()
    for index in np.flatnonzero(lengths <= fields + 1):
        start = block.starts[records.first[index]]
        blank[index] = not block.data[start : start + lengths[index]].strip(nothing)
    return blank


class _Cleaner:
    """Writes the cleaned copy, from the first block that needs one."""

    def __init__(self, target: Path, scan: TextScan) -> None:
        self._target = target
        self._scan = scan
        self._stream: IO[bytes] | None = None
        self._done = 0

    def add(self, block: Block, records: _Records, good: np.ndarray) -> None:
        """Copy the good records of a block, if anything before or in it had to be left out."""
        sound = bool(good.all())
        if self._stream is None and sound:
            self._done += len(block.data)
            return
        if self._stream is None:
            self._start()
        assert self._stream is not None
        edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(np.int8)))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            start = block.starts[records.first[begin]]
            stop = block.ends[records.last[end - 1]]
            self._stream.write(block.data[start:stop])

    def _start(self) -> None:
        """Begin the copy with everything sound that came before."""
        self._stream = self._target.open("wb")
        with self._scan.path.open("rb") as source:
            for _ in range(self._scan.skip):
                source.readline()
            left = self._done
            while left:
                part = source.read(min(left, 4 * 1024 * 1024))
                left -= len(part)
                self._stream.write(part)
        self._scan.clean = self._target
        self._scan.skip = 0

    def close(self) -> None:
        """Finish the copy."""
        if self._stream is not None:
            self._stream.close()
