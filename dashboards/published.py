"""The published file, opened for reading, with what is known about the publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
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
        connection: Its file, opened read-only.
        publication: What its manifest says.
        tables: The tables that it has.
    """

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

    def description(self, table: str, column: str) -> str:
        """Return what the table's own documentation says of a column."""
        found = self.row(
            "select comment from duckdb_columns()"
            " where schema_name = ? and table_name = ? and column_name = ?",
            SCHEMA,
            table,
            column,
        )
        return found.get("comment") or ""


@contextmanager
def opened(database: Path, publication: Publication) -> Iterator[Published]:
    """Open a published file for as long as it is read."""
    with connect(database, read_only=True) as connection:
        connection.execute(f"use {SCHEMA}")
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = ?", [SCHEMA]
        ).fetchall()
        yield Published(connection, publication, frozenset(name for (name,) in names))
