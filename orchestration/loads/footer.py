"""What a mapping says is no data: the totals below the rows, and texts for an empty cell."""

from __future__ import annotations

import csv

import duckdb

from orchestration.database import quote, text
from orchestration.loads.model import FileError
from orchestration.loads.staged import StagedFile

# More rows than this do not follow the totals of a report.
LONGEST_FOOTER = 20
# So many of the last records may be totals and what stands below them.
TOTALS = 3
# So much of a broken record is looked at: its first filled cell.
LOOKED_AT = 1000


def finished(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, relation: str
) -> StagedFile:
    """Leave out the footer and empty the cells whose text stands for nothing.

    Raises:
        FileError: So much follows the footer that it is none.
    """
    reading = staged.reading
    if staged.relation == relation:
        return staged
    texts = [name for name, kind in staged.columns.items() if kind == "VARCHAR"]
    last = _footer(connection, staged) if reading.footer else None
    empty = ", ".join(text(each.strip().lower()) for each in reading.null_values)
    emptied = [
        f"case when lower(trim({cell})) not in ({empty}) then {cell} end as {cell}"
        for cell in map(quote, texts if empty else [])
    ]
    replaced = f" replace ({', '.join(emptied)})" if emptied else ""
    kept = f" where _line < {last}" if last else ""
    connection.execute(f"create view {relation} as select *{replaced} from {staged.relation}{kept}")
    if last:
        connection.execute(
            f"create view {relation}_behind as select *{replaced} from {staged.relation}"
            f" where _line > {last} and not {_is_footer(staged)}"
        )
        before = staged.records
        rows = connection.execute(f"select count(*) from {relation}").fetchone()
        staged.rows = rows[0] if rows else 0
        staged.broken = [item for item in staged.broken if item.line < last]
        staged.footer = before - staged.records
        staged.footer_line = last
        staged.cut_off = False
    staged.relation = relation
    return staged


def _footer(connection: duckdb.DuckDBPyConnection, staged: StagedFile) -> int | None:
    """The line of the first record whose first filled cell is the word of a footer."""
    found = connection.execute(
        f"select min(_line) from {staged.relation} where {_is_footer(staged)}"
    ).fetchone()
    words = _words(staged)
    lines = [found[0]] if found and found[0] else []
    # A footer often has fewer fields than the header, and is then no sound record.
    lines += [
        line
        for line, record in staged.raw_text([item.line for item in staged.broken])
        if _bare(_first_cell(record, staged.delimiter)) in words
    ]
    if not lines:
        return None
    after = connection.execute(
        f"select count(*) from {staged.relation} where _line > {min(lines)}"
    ).fetchone()
    if after and after[0] > LONGEST_FOOTER:
        raise FileError(
            f"line {min(lines)} looks like the footer, and {after[0]} rows follow it: take the "
            "word out of footer, or say with where which rows count"
        )
    return min(lines)


def totals_below(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, words: frozenset[str]
) -> list[str]:
    """Which of these words the first filled cells of the last records are, as they are written."""
    rows = connection.execute(
        f"select _line, {_first_filled(staged)} from {staged.relation}"
        f" order by _line desc limit {TOTALS}"
    ).fetchall()
    broken = [item.line for item in staged.broken[-TOTALS:]]
    rows += [
        (line, _first_cell(record, staged.delimiter)) for line, record in staged.raw_text(broken)
    ]
    last = sorted(rows, reverse=True)[:TOTALS]
    return [cell.strip(" :") for _, cell in reversed(last) if cell and _bare(cell) in words]


def _words(staged: StagedFile) -> set[str]:
    return {_bare(word) for word in staged.reading.footer}


def _first_filled(staged: StagedFile) -> str:
    cells = ", ".join(
        f"nullif(trim(cast({quote(name)} as varchar)), '')" for name in staged.columns
    )
    return f"coalesce({cells or 'null'}, null)"


def _is_footer(staged: StagedFile) -> str:
    """SQL condition: the first filled cell is the word of a footer."""
    listed = ", ".join(map(text, _words(staged)))
    return f"coalesce(lower(trim({_first_filled(staged)}, ' :')) in ({listed}), false)"


def _bare(word: str) -> str:
    """A word as it is compared: as SQL's lower() has it."""
    return word.strip(" :").lower()


def _first_cell(record: str, delimiter: str) -> str:
    lines = record[:LOOKED_AT].splitlines()
    return next(
        (cell for row in csv.reader(lines, delimiter=delimiter) for cell in row if cell.strip()), ""
    )
