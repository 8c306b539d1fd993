"""Opens the warehouse to read it, and says why when that cannot be."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.home import HomeError


def open_to_read(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection that can only read.

    Args:
        warehouse: The DuckDB file.

    Raises:
        HomeError: Somebody writes it.
    """
    try:
        return duckdb.connect(str(warehouse), read_only=True)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
        raise HomeError(
            f"{warehouse} is being written: a refresh runs, or a program has it open. "
            f"What is published stays readable: {warehouse.parent / 'published'}."
        ) from error
