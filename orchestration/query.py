"""Answers on the command line: SQL on the warehouse, and the project's analyses by name."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.database import connect
from orchestration.errors import ExplainedError
from orchestration.home import Home, HomeError
from orchestration.manifest import ensure_manifest
from orchestration.memory import bound_memory
from orchestration.project import dbt_environment, project_root, vars_arguments

# Names without a schema are looked for in these, in this order.
SCHEMAS = ("marts", "facts", "intermediate", "staging", "seeds")
FOLDER = "analyses"
PARTIAL_PARSE_FILE = "partial_parse.msgpack"
ASKED = re.compile(r"""\b(?:var|month_asked)\(\s*["'](\w+)["']""")
NAME = re.compile(r"\w+")
MONTH = re.compile(r"\d{4}-\d{2}")
FRACTION = re.compile(r"DOUBLE|FLOAT")
AMOUNT = re.compile(r"DECIMAL\(.+\)")
WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
# A hash fits; what is longer goes on in the next line.
LONGEST_TEXT = 64
# What a spreadsheet takes for a formula, and runs; a plain number is none.
RUNS = re.compile(r"[=+\-@\t\r]")
PLAIN_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*(e[+-]?\d+)?|inf|nan)", re.IGNORECASE)
# Less than what four places show.
SMALLEST_SHOWN = 0.00005


class QueryError(ExplainedError):
    """A query that cannot be answered; the text says why."""


@dataclass(frozen=True)
class Analysis:
    """A query of the project that has a name.

    Attributes:
        name: Its name.
        says: Its first sentence.
        asks: The vars it reads, which `--set` gives.
    """

    name: str
    says: str
    asks: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What a query gives.

    Attributes:
        columns: The names of the columns.
        types: Their types in DuckDB.
        rows: The first rows, values as DuckDB writes them.
        total: How many rows there are.
    """

    columns: list[str]
    types: list[str]
    rows: list[tuple[str | None, ...]]
    total: int


def analyses() -> Iterator[Analysis]:
    """Yield the analyses of the project, by name."""
    for path in sorted((project_root() / FOLDER).glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        lines = []
        for line in text.splitlines():
            if not line.startswith("--"):
                break
            lines.append(line.removeprefix("--").strip())
        # A grain is for who edits the file; who asks wants to know what it answers.
        words = " ".join(line for line in lines if not line.startswith("Grain:"))
        says = re.split(r"(?<=[.?!])\s", words, maxsplit=1)[0]
        yield Analysis(path.stem, says, tuple(dict.fromkeys(ASKED.findall(text))))


def ask(home: Home, query: str, settings: Mapping[str, str], limit: int | None = None) -> Answer:
    """Answer a query.

    Args:
        home: A home that was refreshed.
        query: SQL, or the name of an analysis, or that of a table.
        settings: What an analysis asks for, by name; 2025-11 is the first day of that month.
        limit: How many rows to fetch; all without it.

    Returns:
        The rows, and how many there are.

    Raises:
        QueryError: The query has an error, or there is no such analysis, table or setting.
        HomeError: Nothing was built yet, or the warehouse is being written.
        ProjectError: The dbt project does not parse.
    """
    text = query.strip().rstrip(";")
    if not text:
        raise QueryError("There is no query: give SQL, or the name of an analysis.")
    if not home.warehouse.is_file():
        raise HomeError(f"{home.path} has no warehouse yet: run `csw refresh`.")
    known = {analysis.name: analysis for analysis in analyses()}
    if text in known:
        return _ask_analysis(home, known[text], settings, limit)
    if settings:
        raise QueryError("--set is for the analyses; write the value into the SQL.")
    if NAME.fullmatch(text):
        with _reading(home.warehouse) as connection:
            if not _is_table(connection, text):
                raise QueryError(
                    f"There is no analysis and no table '{text}'. Analyses: {', '.join(known)}."
                )
        text = f"from {text}"
    return answer_of(home.warehouse, text, limit)


def _ask_analysis(
    home: Home, analysis: Analysis, settings: Mapping[str, str], limit: int | None
) -> Answer:
    for setting in settings:
        if setting not in analysis.asks:
            asks = ", ".join(analysis.asks) or "nothing"
            raise QueryError(f"{analysis.name} does not ask for '{setting}'. It asks for: {asks}.")
    with _reading(home.warehouse):
        pass  # dbt would say in its own words that the file is locked
    try:
        return answer_of(home.warehouse, compiled(home, analysis.name, settings), limit)
    except QueryError as error:
        # Where in the SQL an error is tells nothing to who did not write it.
        reason = str(error).partition("\n\nLINE")[0]
        raise QueryError(f"{analysis.name} has no answer: {reason}") from error


def compiled(home: Home, name: str, settings: Mapping[str, str]) -> str:
    """Return the SQL of an analysis as dbt compiles it, with the home's vars and the ones given.

    The project is the one that was read last, so this is quick; the warehouse is only read.
    """
    target = ensure_manifest(home).parent
    own = vars_arguments(home)
    together = {**(json.loads(own[1]) if own else {}), **_written(settings)}
    # What the refresh has left in its target folder stays.
    folders = (target / PARTIAL_PARSE_FILE, target.with_name("query"))
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.compiling", *folders, name, json.dumps(together)],
        cwd=project_root(),
        env={**os.environ, **dbt_environment(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise QueryError(done.stderr.strip())
    return done.stdout


def _written(settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings as they may stand between quotes in SQL."""
    return {
        name: f"{value}-01" if MONTH.fullmatch(value) else value.replace("'", "''")
        for name, value in settings.items()
    }


def answer_of(warehouse: Path, sql: str, limit: int | None = None) -> Answer:
    """Return the rows of SQL on a warehouse; limit and errors as for `ask`."""
    with _reading(warehouse) as connection:
        try:
            relation = connection.sql(sql)
            if relation is None:
                raise QueryError("That is no question: it has no rows to show.")
            columns, types = relation.columns, [str(kind) for kind in relation.types]
            (total,) = relation.aggregate("count(*)").fetchone() or (0,)
            wanted = relation if limit is None else relation.limit(limit)
            rows = wanted.project("cast(columns(*) as varchar)").fetchall()
        except duckdb.Error as error:
            raise QueryError(str(error)) from error
    return Answer(columns, types, rows, total)


@contextmanager
def _reading(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse, where names need no schema and nothing can be written."""
    with connect(warehouse, read_only=True, wait=False) as connection:
        bound_memory(connection)
        found = connection.execute("select schema_name from duckdb_schemas()").fetchall()
        schemas = [schema for schema in SCHEMAS if (schema,) in found]
        connection.execute(f"set search_path = '{','.join(schemas)}'")
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        yield connection


def _is_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    sql = "select 1 from information_schema.tables where table_schema in ? and table_name = ?"
    return connection.execute(sql, [list(SCHEMAS), name]).fetchone() is not None


def show(console: Console, answer: Answer) -> None:
    """Print rows as a table, numbers to the right, and say how many there are."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, kind in zip(answer.columns, answer.types, strict=True):
        is_number = any(form.fullmatch(kind) for form in (FRACTION, AMOUNT, WHOLE))
        side = "right" if is_number else "left"
        table.add_column(Text(name), justify=side, max_width=LONGEST_TEXT, overflow="fold")
    for row in answer.rows:
        table.add_row(*(Text(_text(*cell)) for cell in zip(row, answer.types, strict=True)))
    # A line is as long as its columns ask for: a figure that is cut is no figure.
    wide = Console(file=console.file, width=max(console.width, _width(table, console)))
    wide.print(table)
    count = f"{answer.total:,} row{'' if answer.total == 1 else 's'}"
    if len(answer.rows) < answer.total:
        count += f", {len(answer.rows):,} shown: --limit or --csv gives more"
    wide.print(count, style="dim", highlight=False)


def _width(table: Table, console: Console) -> int:
    return table.__rich_measure__(console, console.options.update(max_width=100_000)).maximum


def _text(value: str | None, kind: str) -> str:
    """Write a value for people: amounts with thousands apart, four places at most."""
    if value is None:
        return ""
    if FRACTION.fullmatch(kind):
        number = float(value)
        return f"{number:.2g}" if 0 < abs(number) < SMALLEST_SHOWN else f"{number:,.4f}"
    if AMOUNT.fullmatch(kind):
        places = min(4, len(value.partition(".")[2]))
        return f"{Decimal(value):,.{places}f}"
    return value


def write_csv(answer: Answer, file: TextIO) -> None:
    """Write the rows as CSV, every digit of them; null is empty.

    A text that a spreadsheet would run, as a customer's name may be, begins with an apostrophe.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(inert, answer.columns))
    writer.writerows([inert(value) for value in row] for row in answer.rows)


def inert(value: str | None) -> str | None:
    """Return a cell that no spreadsheet runs: `=cmd|…` as `'=cmd|…`, numbers as they are."""
    if value is None or not RUNS.match(value) or PLAIN_NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def list_analyses(console: Console, found: Sequence[Analysis]) -> None:
    """Print the analyses with what they say and what they ask for."""
    table = Table("analysis", "--set", "what it answers", box=None, header_style="bold")
    for analysis in found:
        table.add_row(analysis.name, "\n".join(analysis.asks), Text(analysis.says))
    console.print(table)
