"""Answers on the command line: SQL on the warehouse, and the project's analyses by name."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.home import Home, HomeError
from orchestration.lock import home_lock
from orchestration.project import project_root, use_home, vars_arguments

# Names without a schema are looked for in the layers people read, from the top down.
SCHEMAS = ("marts", "facts", "intermediate", "staging", "seeds")
FOLDER = "analyses"
ASKED = re.compile(r"""\bvar\(\s*["'](\w+)["']""")
NAME = re.compile(r"\w+")
SILENT = ("--log-level", "none", "--log-level-file", "none")
LONGEST_TEXT = 60
# A whole number below it may be a year.
SHORTEST_GROUPED = 10_000


class QueryError(Exception):
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
    """The rows of a query."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


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


def ask(home: Home, query: str, settings: Mapping[str, str]) -> Answer:
    """Answer a query.

    Args:
        home: A home that was refreshed.
        query: SQL, or the name of an analysis.
        settings: What an analysis asks for, by name.

    Returns:
        All rows.

    Raises:
        QueryError: The query has an error, or there is no such analysis or setting.
        HomeError: Nothing was built yet, or the warehouse is being written.
    """
    if not home.warehouse.is_file():
        raise HomeError(f"{home.path} has no warehouse yet: run `csw refresh`.")
    with home_lock(home):
        sql = query
        if NAME.fullmatch(query.strip()):
            sql = compiled(home, query.strip(), settings)
        elif settings:
            raise QueryError("--set is for the analyses; write the value into the SQL.")
        return answer_of(home.warehouse, sql)


def compiled(home: Home, name: str, settings: Mapping[str, str]) -> str:
    """Return the SQL of an analysis as dbt compiles it, with the home's vars and the ones given."""
    known = {analysis.name: analysis for analysis in analyses()}
    if name not in known:
        raise QueryError(f"There is no analysis '{name}'. There are: {', '.join(known)}.")
    for setting in settings:
        if setting not in known[name].asks:
            asks = ", ".join(known[name].asks) or "nothing"
            raise QueryError(f"{name} does not ask for '{setting}'. It asks for: {asks}.")
    return _compile(home, name, settings)


def _compile(home: Home, name: str, settings: Mapping[str, str]) -> str:
    """Compile in this process: the project is read with the vars of the last refresh, so quickly.

    The vars that were asked for only go into the analysis. It gets a target folder of its own, for
    the one of the refresh says what the refresh did.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    use_home(home)
    own = vars_arguments(home)
    together = {**(json.loads(own[1]) if own else {}), **settings}
    folder = ["--target-path", str(home.dbt_target.with_name("query"))]
    parsed = dbtRunner().invoke([*SILENT, "parse", *own])
    if not parsed.success:
        raise QueryError(f"dbt cannot read the project: {parsed.exception}")
    done = dbtRunner(manifest=parsed.result).invoke(
        [*SILENT, "compile", "--select", name, "--vars", json.dumps(together), *folder]
    )
    # dbt keeps the file open for writing until the process ends.
    DuckDBConnectionManager.close_all_connections()
    if not done.success:
        reasons = [str(node.message) for node in getattr(done.result, "results", ())]
        raise QueryError(f"dbt cannot compile {name}: {done.exception or ' '.join(reasons)}")
    return done.result.results[0].node.compiled_code


def answer_of(warehouse: Path, sql: str) -> Answer:
    """Return all rows of SQL on a warehouse, which is only read; errors as for `ask`."""
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.execute(f"set search_path = '{','.join(_schemas(connection))}'")
            result = connection.execute(sql)
            columns = [column[0] for column in result.description or ()]
            return Answer(columns, result.fetchall())
    except duckdb.IOException as error:
        raise HomeError(
            f"{warehouse} is open for writing in another program. Close it there, or wait."
        ) from error
    except duckdb.Error as error:
        raise QueryError(str(error)) from error


def _schemas(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("select schema_name from duckdb_schemas()").fetchall()
    there = {name for (name,) in rows}
    return [schema for schema in SCHEMAS if schema in there]


def show(console: Console, answer: Answer, limit: int) -> None:
    """Print rows as a table, numbers to the right, and say how many were left out."""
    shown = answer.rows[:limit]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(answer.columns):
        numeric = all(_is_number(row[number]) for row in answer.rows if row[number] is not None)
        table.add_column(Text(name), justify="right" if numeric else "left", max_width=LONGEST_TEXT)
    for row in shown:
        table.add_row(*(Text(_text(value)) for value in row))
    # A line is as long as its columns ask for: a figure that is cut is no figure.
    wide = Console(file=console.file, width=max(console.width, _width(table, console)))
    wide.print(table)
    rows = len(answer.rows)
    left_out = f", {len(shown):,} shown: --limit or --csv gives more" if len(shown) < rows else ""
    wide.print(f"{rows:,} row{'' if rows == 1 else 's'}{left_out}", style="dim", highlight=False)


def _width(table: Table, console: Console) -> int:
    return table.__rich_measure__(console, console.options.update(max_width=100_000)).maximum


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _text(value: object) -> str:
    """Write a value for people: thousands apart, four places at most, nothing for null."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:,.4f}"
        case Decimal():
            places = min(4, max(0, -int(value.as_tuple().exponent)))
            return f"{value:,.{places}f}"
        case int() if abs(value) >= SHORTEST_GROUPED:
            return f"{value:,}"
    return str(value)


def write_csv(answer: Answer, file: TextIO) -> None:
    """Write all rows as CSV, every digit of them; null is empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)


def list_analyses(console: Console, found: Sequence[Analysis]) -> None:
    """Print the analyses with what they say and what they ask for."""
    table = Table("analysis", "--set", "what it answers", box=None, header_style="bold")
    for analysis in found:
        table.add_row(analysis.name, "\n".join(analysis.asks), Text(analysis.says))
    console.print(table)
