"""Tables that are written at publishing: no figures, but what the figures mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PublishedColumn:
    """A column as it is in the published file.

    Attributes:
        table: Its table.
        name: Its name.
        position: Its place in the table, from 1.
        data_type: Its type in DuckDB.
        comment: What is said of it, from dbt.
    """

    table: str
    name: str
    position: int
    data_type: str
    comment: str


@dataclass(frozen=True)
class ReferenceColumn:
    """A column of a reference table."""

    name: str
    data_type: str
    description: str


@dataclass(frozen=True)
class ReferenceTable:
    """A table that is written at publishing, of what the others mean.

    Attributes:
        name: Its name.
        grain: What a row is, in words.
        description: What it says.
        owner: Who answers for it.
        key: The columns that tell its rows apart.
        columns: Its columns.
        rows: Its rows, in their order, each with a value per column.
    """

    name: str
    grain: str
    description: str
    owner: str
    key: tuple[str, ...]
    columns: tuple[ReferenceColumn, ...]
    rows: Sequence[tuple[Any, ...]] = field(default=())


# From the columns of the published tables: the reference tables.
MakeReferenceTables = Callable[[Sequence[PublishedColumn]], Iterable[ReferenceTable]]
