"""The published file, opened for reading, with what is known about the publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.database import connect
from orchestration.publish import SCHEMA, Publication

Row = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """One publication.

    Attributes:
        database: Its file.
        connection: The file, opened read-only.
        publication: What its manifest says.
        tables: The tables that it has.
    """

    database: Path
    connection: duckdb.DuckDBPyConnection
    publication: Publication
    tables: frozenset[str]

    @property
    def as_of(self) -> date:
        """The day the figures are for."""
        return date.fromisoformat(self.publication.as_of_date)

    @property
    def currency(self) -> str:
        """The currency of all amounts."""
        return str(self.publication.policy.get("reporting_currency") or "")

    def has(self, *tables: str) -> bool:
        """Whether it has all of these tables."""
        return self.tables.issuperset(tables)

    def rows(self, query: str, *parameters: object) -> list[Row]:
        """Return the rows that a query gives, each by the names of its columns."""
        found = self.connection.execute(query, parameters)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def row(self, query: str, *parameters: object) -> Row:
        """Return the first row that a query gives; an empty one if it gives none."""
        return next(iter(self.rows(query, *parameters)), {})

    def description(self, table: str, column: str | None = None) -> str:
        """Return what the table's own documentation says of it, or of a column."""
        return _descriptions(self.database, self.publication.run_id).get((table, column), "")


@lru_cache(maxsize=4)
def _descriptions(database: Path, _: str) -> dict[tuple[str, str | None], str]:
    """Return what is said of all tables and columns of a file: it is written once, read often."""
    with connect(database, read_only=True) as connection:
        found = connection.execute(
            "select table_name, column_name, comment from duckdb_columns()"
            " where schema_name = $1 union all by name"
            " select table_name, comment from duckdb_tables() where schema_name = $1",
            [SCHEMA],
        ).fetchall()
    return {(table, column): comment or "" for table, column, comment in found}


@contextmanager
def opened(database: Path, publication: Publication) -> Iterator[Published]:
    """Open a published file for as long as it is read."""
    with connect(database, read_only=True) as connection:
        connection.execute(f"use {SCHEMA}")
        yield Published(database, connection, publication, read_tables(connection))


def read_tables(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the tables that a published file has."""
    names = connection.execute(
        "select table_name from duckdb_tables() where schema_name = ?", [SCHEMA]
    ).fetchall()
    return frozenset(name for (name,) in names)
