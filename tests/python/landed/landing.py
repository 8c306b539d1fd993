"""Tables in a DuckDB file, with the types in which a loader makes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.company import domains_of
from orchestration.loads import Landed, Landing, LoadRequest, load

Row = Mapping[str, Any]


def land(database: Path, schema: str, table: str, columns: str, rows: Iterable[Row]) -> None:
    """Put a table into a schema, as if a loader had filled it.

    Args:
        database: The DuckDB file.
        schema: The schema; made where it is absent.
        table: The table; replaced where it is there.
        columns: Names and types, as in a create statement.
        rows: What it holds; a column that a row does not have is null. A dict or list is JSON.
    """
    with duckdb.connect(str(database)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f'create schema if not exists "{schema}"')
        place = f'"{schema}"."{table}"'
        connection.execute(f"create or replace table {place} ({columns})")
        names = [row[0] for row in connection.execute(f"describe {place}").fetchall()]
        for row in rows:
            unknown = set(row) - set(names)
            assert not unknown, (table, unknown)
            connection.execute(
                f"insert into {place} values ({', '.join('?' for _ in names)})",
                [_value(row.get(name)) for name in names],
            )


@dataclass
class Filled:
    """A system without models of its own, landed by a loader: its rows in the tables of `files`.

    Attributes:
        system: The system; the schema it is landed in has its name.
        root: Where `landed.duckdb` is, and the warehouse will be.
        loader: Who landed it.
    """

    system: str
    root: Path
    loader: str = "fivetran"

    @property
    def database(self) -> Path:
        """Where it is landed."""
        return self.root / "landed.duckdb"

    def load(self, *statements: str, severity: str | None = None, **named: Any) -> str:
        """Load it after the loader did something; what was said, a message a line."""
        change(self.database, *statements)
        landed = Landed.of(self.loader, self.database, self.system, **named)
        request = LoadRequest(
            "files",
            self.root / "deliveries",
            self.root / "warehouse.duckdb",
            "run",
            as_of=date(2025, 6, 30),
            landings=(Landing(self.system, landed),),
            domains=frozenset(domains_of(self.system)),
            folder_domains=frozenset(),
        )
        return "\n".join(
            f"{m.table} {m.column} {m.text}"
            for m in load(request).messages
            if severity in (None, m.severity)
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        with duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True) as warehouse:
            return warehouse.execute(sql).fetchall()


def _value(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def change(database: Path, *statements: str) -> None:
    """What the loader did since: SQL on its database."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("set timezone = 'UTC'")
        for statement in statements:
            connection.execute(statement)
