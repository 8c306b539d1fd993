"""A home that slept for days against one that was refreshed on each: row by row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb

from orchestration.database import quote, text
from orchestration.publish import DATABASE_LINK

# A day is refreshed on the morning after it.
AT = time(6, tzinfo=UTC)
SHOWN_ROWS = 3


def morning_after(day: date) -> datetime:
    """Return when a day is refreshed."""
    return datetime.combine(day + timedelta(days=1), AT)


@dataclass
class Difference:
    """What one published table has in one home and not in the other.

    Attributes:
        table: Its name.
        only_daily: Rows that only the home has that was refreshed each day.
        only_slept: Rows that only the home has that slept.
        columns: Columns whose values are others, where both have the same number of rows.
        examples: Some of these rows.
    """

    table: str
    only_daily: int
    only_slept: int
    columns: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Say it in a line, and the examples below it."""
        named = f" in {', '.join(self.columns)}" if self.columns else ""
        line = f"{self.table}: {self.only_daily} rows daily, {self.only_slept} slept{named}"
        return "\n      ".join([line, *self.examples])


def differences(
    daily: Path, slept: Path, may_differ: Mapping[str, Collection[str]]
) -> list[Difference]:
    """Compare all published tables of two homes.

    Args:
        daily: The home that was refreshed each day.
        slept: The home that slept.
        may_differ: By table, the columns that say when something was loaded; "*": all of it.
    """
    with duckdb.connect() as connection:
        for name, home in (("daily", daily), ("slept", slept)):
            file = (home / "published" / DATABASE_LINK).resolve()
            connection.execute(f"attach {text(file)} as {name} (read_only)")
        columns: dict[str, dict[str, list[str]]] = {"daily": {}, "slept": {}}
        for name, table, column in connection.execute(
            "select database_name, table_name, column_name from duckdb_columns()"
            " where schema_name = 'marts' and database_name in ('daily', 'slept')"
            " order by table_name, column_index"
        ).fetchall():
            columns[name].setdefault(table, []).append(column)
        found = []
        for table in sorted({*columns["daily"], *columns["slept"]}):
            left_out = may_differ.get(table, ())
            if "*" in left_out:
                continue
            there = [columns[name].get(table) for name in ("daily", "slept")]
            if there[0] != there[1]:
                found.append(Difference(table, 0, 0, ["its columns"]))
                continue
            compared = [column for column in there[0] or () if column not in left_out]
            if difference := _of_table(connection, table, compared):
                found.append(difference)
        return found


def _of_table(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]
) -> Difference | None:
    def rows(name: str, chosen: str) -> str:
        return f"select {chosen} from {name}.marts.{quote(table)}"

    def only(name: str, other: str, chosen: str) -> str:
        return f"({rows(name, chosen)}) except all ({rows(other, chosen)})"

    def count(name: str, other: str, chosen: str) -> int:
        found = connection.execute(f"select count(*) from ({only(name, other, chosen)})").fetchone()
        return found[0] if found else 0

    chosen = ", ".join(map(quote, columns))
    only_daily, only_slept = count("daily", "slept", chosen), count("slept", "daily", chosen)
    if not only_daily and not only_slept:
        return None
    difference = Difference(table, only_daily, only_slept)
    difference.columns = [
        column
        for column in columns
        if count("daily", "slept", quote(column)) or count("slept", "daily", quote(column))
    ]
    for name, other in (("daily", "slept"), ("slept", "daily")):
        query = f"{only(name, other, chosen)} order by all limit {SHOWN_ROWS}"
        difference.examples += [
            f"{name}: {dict(zip(columns, row, strict=True))}"
            for row in connection.execute(query).fetchall()
        ]
    return difference
