"""What a home remembers of its closes apart from the ledger: in the warehouse, and as published.

An entry is remembered by its hash. So a ledger whose chain is whole, and which this home did not
write, is told from its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from orchestration.database import DatabaseError, connect
from orchestration.ledger import TABLES, Close, LedgerError, ledger_folder
from orchestration.loads.warehouse import table_columns
from orchestration.publish import read_publication

if TYPE_CHECKING:
    from orchestration.home import Home

# Columns of the warehouse's table of closes: type, and the attribute of the entry.
CLOSE_COLUMNS = {
    "close_month": ("date", "first_day"),
    "as_of_date": ("date", "as_of_date"),
    "closed_at": ("timestamp", "closed_at"),
    "closed_by": ("varchar", "closed_by"),
    "run_id": ("varchar", "run_id"),
    "definition_version": ("varchar", "definition_version"),
    "content_hash": ("varchar", "content_hash"),
    "entry_hash": ("varchar", "hash"),
}
FORMATS = {"date": "%Y-%m-%d", "timestamp": "%Y-%m-%dT%H:%M:%S"}


@dataclass
class Memory:
    """What is remembered.

    Attributes:
        rows: The closes that the warehouse was loaded with: attributes of an entry by name.
        published: Hash of each month that was closed, as the last publication or close noted it.
        begun: Hash of a month whose close was begun.
        knows_hashes: Whether hashes are remembered at all: older versions noted none.
    """

    rows: list[dict[str, str]] = field(default_factory=list)
    published: dict[str, str] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)
    knows_hashes: bool = False

    @property
    def in_warehouse(self) -> dict[str, str]:
        """Hash of each month that the warehouse was loaded with."""
        return {row["first_day"][:7]: row["hash"] for row in self.rows if row.get("hash")}

    @property
    def written(self) -> set[str]:
        """The hashes of all entries that this home wrote."""
        known = (self.in_warehouse, self.published, self.begun)
        return {digest for hashes in known for digest in hashes.values()}


def remember(home: Home, *, wait: bool = False) -> Memory:
    """Return what a home remembers of its closes.

    Raises:
        LedgerError: The warehouse, which knows the closes it was loaded with, cannot be read.
    """
    memory = Memory()
    publication = read_publication(home.published)
    if publication:
        memory.begun = publication.closing
        if publication.closes is not None:
            memory.published, memory.knows_hashes = publication.closes, True
    if not home.warehouse.is_file():
        return memory
    try:
        with connect(home.warehouse, read_only=True, wait=wait) as connection:
            there = table_columns(connection, "ledger", "closes")
            columns = [name for name in CLOSE_COLUMNS if name in there]
            if "close_month" not in there:
                return memory
            rows = connection.execute(
                f"select {', '.join(map(_as_text, columns))} from ledger.closes order by 1"
            ).fetchall()
    except (DatabaseError, duckdb.Error) as error:
        raise LedgerError(f"The ledger cannot be compared with the warehouse: {error}") from error
    attributes = [CLOSE_COLUMNS[name][1] for name in columns]
    memory.rows = [dict(zip(attributes, row, strict=True)) for row in rows]
    memory.knows_hashes |= "entry_hash" in there
    return memory


def _as_text(column: str) -> str:
    kind = CLOSE_COLUMNS[column][0]
    return f"strftime({column}, '{FORMATS[kind]}')" if kind in FORMATS else column


def write_closes(home: Home, closes: list[Close], definition: str, *, wait: bool = True) -> None:
    """Copy a verified ledger into schema `ledger` of the warehouse, for the dbt models."""
    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with connect(home.warehouse, wait=wait) as connection:
        connection.execute("begin")
        connection.execute("create schema if not exists ledger")
        columns = ", ".join(f"{name} {kind}" for name, (kind, _) in CLOSE_COLUMNS.items())
        connection.execute(f"create or replace table ledger.closes ({columns})")
        connection.execute("create or replace table ledger.definition (definition_version varchar)")
        connection.execute("insert into ledger.definition values (?)", [definition or None])
        rows = [[getattr(close, name) for _, name in CLOSE_COLUMNS.values()] for close in closes]
        if rows:
            marks = ", ".join("?" for _ in CLOSE_COLUMNS)
            connection.executemany(f"insert into ledger.closes values ({marks})", rows)
        for name in TABLES:
            files = [str(ledger_folder(home) / close.month / f"{name}.parquet") for close in closes]
            _write_table(connection, name, files)
        connection.execute("commit")


def _write_table(connection: duckdb.DuckDBPyConnection, name: str, files: list[str]) -> None:
    if not files:
        connection.execute(f"drop table if exists ledger.{name}")
        return
    # A later close may have columns that an earlier one had not.
    connection.execute(
        f"create or replace table ledger.{name} as "
        "select * from read_parquet(?, union_by_name = true, hive_partitioning = false)",
        [files],
    )
