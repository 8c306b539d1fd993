"""How much memory DuckDB may take: a bound of our own, not most of the machine.

DuckDB takes four fifths of the machine's memory before it writes to disk what does not fit. Beside
Dagster, dbt and whatever else runs there, that is too much.
"""

import os
from pathlib import Path

import duckdb

# profiles.yml has the same name and default for dbt.
MEMORY_VARIABLE = "CSW_MEMORY_LIMIT"
DEFAULT_LIMIT = "4GB"


def memory_limit() -> str:
    """Return the bound, as DuckDB writes it: what `CSW_MEMORY_LIMIT` says, else 4GB."""
    return os.environ.get(MEMORY_VARIABLE) or DEFAULT_LIMIT


def bound_memory(connection: duckdb.DuckDBPyConnection, spill: Path | None = None) -> None:
    """Set the bound, and the folder for what does not fit when the database has no file.

    Args:
        connection: An open connection; the bound holds for its whole database.
        spill: The folder; DuckDB makes it when it is needed and empties it at the end.
    """
    connection.execute("set memory_limit = ?", [memory_limit()])
    if spill:
        connection.execute("set temp_directory = ?", [str(spill)])
