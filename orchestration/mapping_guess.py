"""What a file seems to be: how it is written, and which entities and columns it holds."""

from __future__ import annotations

import csv
import re
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.database import quote
from orchestration.loads.casts import moment, number_text
from orchestration.loads.currencies import ISO_4217
from orchestration.loads.files import InputFile
from orchestration.loads.footer import totals_below
from orchestration.loads.model import FileError
from orchestration.loads.reader import stage
from orchestration.loads.settings import FileSettings
from orchestration.loads.spec import TableSpec, source_spec
from orchestration.loads.staged import StagedFile
from orchestration.loads.textscan import DELIMITERS
from orchestration.loads.unpack import likely_encoding, unpacked
from orchestration.loads.vocabulary import fold, words_of
from orchestration.loads.workbook import read_sheet

# What totals below the rows begin with.
TOTALS = frozenset({
    "total", "totals", "grand total", "sum", "sums", "subtotal", "summe", "summen", "gesamt",
    "gesamtsumme", "zwischensumme", "somme", "suma", "totale",
})  # fmt: skip
ENDS = frozenset({"ended_at", "current_term_end", "paused_until", "valid_to", "discount_until"})
RATE = "rate_to_reporting"
# "Kurs in EUR", "Price (USD)", "Betrag EUR": what stands before, and the currency.
IN_CURRENCY = re.compile(r"(?P<what>.*?)[\s_]*(?:\bin\b)?[\s_]*[\[(]?\b(?P<code>[A-Z]{3})[\])]?\s*")
WORDS = Path(__file__).with_name("header_words.yml")
FIRST_LINES = 30
SAMPLED = 2000
NAME_COUNTS = 3
DAY_FIRST = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y", "%d-%b-%Y", "%d/%b/%y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y")
OTHER_DAYS = ("%b %d, %Y", "%B %d, %Y", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d")
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
ISO = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")


@dataclass(frozen=True)
class Match:
    """An entity that a file seems to hold: headers by our columns, and what is the same in all."""

    entity: str
    columns: dict[str, str]
    score: int
    constants: dict[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """Required columns that no header seems to be."""
        given = self.columns.keys() | self.constants.keys()
        return [name for name in _table(self.entity).required if name not in given]


@dataclass
class Guess:
    """What a file seems to be.

    Attributes:
        file: The file.
        settings: How it seems to be written, by setting.
        unsure: What cannot be told from it, in words, by setting.
        matches: The entities it seems to hold, the likeliest first.
        problem: Why it cannot be read at all.
        headers: The names of its columns.
        unknown: Words that the vocabulary does not have, by entity and column.
        reporting_currency: The currency that exchange rates are in.
        ends: Ends that are the last day of a month, and those that are the first day of one.
        end: One of the former, as it is written.
    """

    file: InputFile
    settings: dict[str, Any] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)
    problem: str | None = None
    headers: list[str] = field(default_factory=list)
    unknown: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    reporting_currency: str | None = None
    ends: tuple[int, int] = (0, 0)
    end: str | None = None


def guess(file: InputFile, by_name: str | None) -> Guess:
    """Look at the first lines, the headers and a sample of a file.

    Args:
        file: The file.
        by_name: The entity it belongs to by its name.
    """
    found = Guess(file)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            found.settings = _shape(file, Path(folder))
            reading = FileSettings.model_validate(found.settings)
            staged = stage(connection, file, Path(folder), "guessed", reading=reading)
            if words := totals_below(connection, staged, TOTALS):
                found.settings["footer"] = (
                    words[0] if len(set(words)) == 1 else [*dict.fromkeys(words)]
                )
                reading = FileSettings.model_validate(found.settings)
                staged = stage(connection, file, Path(folder), "footed", reading=reading)
        except FileError as problem:
            found.problem = problem.text
            return found
        found.headers = list(staged.headers.values())
        found.matches = _matches(file, by_name, found.headers)
        _currencies(found)
        _notation(connection, staged, found)
    return found


def _shape(file: InputFile, folder: Path) -> dict[str, Any]:
    """Encoding and header row, as far as they are not the usual ones."""
    said: dict[str, Any] = {}
    if file.format == "xlsx":
        sheet = read_sheet(file.path, file.part, FileSettings())
        rows = sheet.rows.slice(0, FIRST_LINES).to_pylist()
        filled = [sum(cell is not None for name, cell in row.items() if name != "_line")
                  for row in rows]  # fmt: skip
        titled = sum(bool(name) for name in sheet.header)
        if filled and titled < max(filled) / 2:
            place = next(i for i, count in enumerate(filled) if count >= max(filled) / 2)
            said["header_row"] = rows[place]["_line"]
        return said
    if file.format == "parquet":
        return said
    path = unpacked(file, folder / "sniffed")
    encoding = likely_encoding(path)
    if encoding and encoding != "utf-8":
        said["encoding"] = encoding
    if file.format == "csv":
        with path.open(encoding=encoding or "utf-8", errors="replace", newline="") as stream:
            lines = [
                line.rstrip("\r\n") for _, line in zip(range(FIRST_LINES), stream, strict=False)
            ]
        row = _header_row(lines)
        if row > 1:
            said["header_row"] = row
    return said


def _header_row(lines: list[str]) -> int:
    """The first line with as many fields as most lines have."""
    filled = [(i, line) for i, line in enumerate(lines, start=1) if line.strip()]
    if not filled or filled[0][1].lower().startswith(("sep=", '"sep=')):
        return 1
    delimiter = max(DELIMITERS, key=lambda sign: sum(line.count(sign) for _, line in filled))
    counts = {i: len(next(csv.reader([line], delimiter=delimiter))) for i, line in filled}
    usual = Counter(counts.values()).most_common(1)[0][0]
    named = [
        i
        for i, line in filled
        if counts[i] == usual and sum(map(bool, line.split(delimiter))) > usual / 2
    ]
    return named[0] if named and named[0] != filled[0][0] else 1


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    raw = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return {
        entity: {column: [_fold(word) for word in words] for column, words in columns.items()}
        for entity, columns in raw.items()
    }


def _fold(word: object) -> str:
    return re.sub(r"[^\w#]|_", "", str(word).lower())


def _table(entity: str) -> TableSpec:
    return source_spec("files").tables[entity]


def _matches(file: InputFile, by_name: str | None, headers: list[str]) -> list[Match]:
    """Entities whose columns the headers seem to be; at least the name and an id must fit."""
    names = {_fold(name) for name in file.names}
    found = []
    for entity, table in source_spec("files").tables.items():
        words = _words().get(entity, {})
        columns: dict[str, str] = {}
        left = {_fold(h): h for h in headers}
        priced_in = {_fold(what): h for h in headers if (what := _in_currency(h)[0])}
        for column, declared in table.columns.items():
            wanted = [_fold(column), *words.get(column, [])]
            known = priced_in | left if declared.is_number else left
            header = next((known[word] for word in wanted if word in known), None)
            if header is not None and _free(column, header, columns):
                columns[column] = header
        named = by_name == entity or any(
            word in name for name in names for word in words.get("files", [])
        )
        required = [name for name in table.required if name in columns]
        score = len(columns) + len(required) + NAME_COUNTS * named
        enough = len(required) >= (1 if named else max(2, len(table.required) - 1))
        # A list of contracts has their price, and often no quantity or interval: they are constant.
        priced = {"subscription_id", "valid_from", "unit_amount"} <= columns.keys()
        if enough or priced:
            found.append(Match(entity, columns, score))
    found.sort(key=lambda match: -match.score)
    kept = found[:1]
    pair = {"subscriptions", "subscription_items"}
    if kept and kept[0].entity in pair:
        kept += [m for m in found[1:] if m.entity in pair and _holds_terms(m)]
    return kept


def _in_currency(header: str) -> tuple[str | None, str | None]:
    """What a header says before the currency that it ends with, and that currency."""
    found = IN_CURRENCY.fullmatch(header)
    if found is None or found["code"] not in ISO_4217 or not found["what"]:
        return None, None
    return found["what"], found["code"]


def _currencies(found: Guess) -> None:
    """The currency of amounts, where their header names it and no column does."""
    codes = {
        _in_currency(header)[1]
        for match in found.matches
        for column, header in match.columns.items()
        if column != RATE
    } - {None}
    for match in found.matches:
        if RATE in match.columns:
            found.reporting_currency = _in_currency(match.columns[RATE])[1]
        has_currency = "currency" in _table(match.entity).columns
        if len(codes) == 1 and has_currency and "currency" not in match.columns:
            match.constants["currency"] = str(min(codes, key=str))


def _holds_terms(match: Match) -> bool:
    """Whether a file of contracts has their lines too, or the other way round."""
    wanted = "unit_amount" if match.entity == "subscription_items" else "account_id"
    return wanted in match.columns


def _free(column: str, header: str, columns: dict[str, str]) -> bool:
    """A header is one column, but for the ids of a contract and of its one line."""
    return header not in columns.values() or column == "subscription_id"


def _notation(connection: duckdb.DuckDBPyConnection, staged: StagedFile, found: Guess) -> None:
    """How numbers and days are written, from the columns that seem to hold them."""
    numbers: list[str] = []
    days: list[str] = []
    ends: list[str] = []
    for match in found.matches:
        for column, header in match.columns.items():
            name = next(name for name, head in staged.headers.items() if head == header)
            if staged.columns[name] != "VARCHAR":
                # The cells of a workbook are days already.
                ends += _sample(connection, staged, name) if column in ENDS else []
                continue
            table = _table(match.entity)
            spec = table.columns[column]
            values = _sample(connection, staged, name)
            known = {fold(word) for word in table.one_of.get(column, ())}
            known |= {fold(word) for word in words_of(table.words.get(column, ""))}
            unknown = [value for value in values if known and fold(value) not in known]
            if unknown:
                found.unknown[match.entity, column] = sorted(unknown)
            if spec.is_number:
                numbers += values
            elif spec.type in ("date", "timestamp"):
                days += values
                ends += values if column in ENDS else []
    _numbers(connection, sorted(set(numbers)), found)
    _days(connection, sorted(set(days)), found)
    _ends(connection, sorted(set(ends)), found)


def _sample(connection: duckdb.DuckDBPyConnection, staged: StagedFile, name: str) -> list[str]:
    rows = connection.execute(
        f"select distinct _value from (select trim(cast({quote(name)} as varchar)) as _value"
        f" from {staged.relation}) where _value <> '' limit {SAMPLED}"
    ).fetchall()
    return [row[0] for row in rows]


def _reads(connection: duckdb.DuckDBPyConnection, sql: str, values: list[str]) -> int:
    row = connection.execute(f"select count({sql}) from (select unnest(?) as x)", [values])
    return int((row.fetchone() or (0,))[0])


def _numbers(connection: duckdb.DuckDBPyConnection, values: list[str], found: Guess) -> None:
    if not any(sign in value for value in values for sign in ",.'\u2019 \u00a0\u202f"):
        return
    ways: list[dict[str, str]] = [{"decimal": "."}, {"decimal": ","}]
    ways += [{"decimal": ",", "thousands": sign} for sign in ". '"]
    ways += [{"decimal": ".", "thousands": sign} for sign in ",' "]
    counts = [
        _reads(connection, number_text("x", FileSettings.model_validate(way)), values)
        for way in ways
    ]
    best = [way for way, count in zip(ways, counts, strict=True) if count == max(counts)]
    first = best[0]
    other = next((way for way in best if way["decimal"] != first["decimal"]), None)
    if max(counts) == 0:
        return
    if other:
        example = next(value for value in values if "," in value or "." in value)
        found.unsure["decimal"] = f"whether '{example}' has decimals or thousands cannot be told"
    elif first != {"decimal": "."}:
        found.settings |= first


def _days(connection: duckdb.DuckDBPyConnection, values: list[str], found: Guess) -> None:
    others = [value for value in values if not ISO.fullmatch(value)]
    if not others:
        return
    patterns = [day + clock for day in (*DAY_FIRST, *MONTH_FIRST, *OTHER_DAYS) for clock in CLOCKS]
    reads = {
        pattern: _reads(connection, moment("x", FileSettings(date_format=(pattern,))), values)
        for pattern in patterns
    }
    # A pattern with %Y reads no year of two digits, one with %y none of four.
    fit = [pattern for pattern in patterns if reads[pattern]]
    day_first = [p for p in fit if p.startswith(DAY_FIRST)]
    month_first = [p for p in fit if p.startswith(MONTH_FIRST)]
    apart = [p for p in fit if p not in day_first and p not in month_first]
    read_by = {
        name: sum(reads[p] for p in group)
        for name, group in (("day", day_first), ("month", month_first))
    }
    if day_first and month_first and read_by["day"] == read_by["month"]:
        found.unsure["date_format"] = (
            f"whether '{others[0]}' has the day or the month first cannot be told:"
            f" {' '.join(day_first)} or {' '.join(month_first)}"
        )
        return
    better = day_first if read_by["day"] > read_by["month"] else month_first
    chosen = [*better, *apart]
    if chosen:
        found.settings["date_format"] = chosen if len(chosen) > 1 else chosen[0]


def _ends(connection: duckdb.DuckDBPyConnection, values: list[str], found: Guess) -> None:
    """How many ends are the last day of a month, as of who writes the last day with."""
    reading = FileSettings.model_validate(found.settings)
    written = f"{moment('x', reading)}, " if reading.date_format else ""
    day = f"coalesce({written}try_cast(x as timestamp))"
    rows = connection.execute(
        f"select x, day(d) = 1, day(d + interval 1 day) = 1 from (select x, {day} as d"
        " from (select unnest(?) as x)) where d = date_trunc('day', d)",
        [values],
    ).fetchall()
    last = [row[0] for row in rows if row[2]]
    found.ends = len(last), sum(row[1] for row in rows)
    found.end = last[0] if last else None
