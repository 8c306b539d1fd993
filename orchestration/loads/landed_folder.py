"""The drop folder of a connector as a schema: a relation per folder of objects."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.database import quote, text
from orchestration.loads.landed import OBJECT, Landed
from orchestration.loads.model import LoadError

# Name of the file a row is of; files are named by the moment of their fetch, so the last is newest.
FETCHED = "_fetched"
LONGEST_LINE = 64 * 1024 * 1024


def attach_folder(connection: duckdb.DuckDBPyConnection, alias: str, landed: Landed) -> None:
    """Attach a database in memory whose views read what was fetched, each line as one object.

    Raises:
        LoadError: Nothing was fetched yet.
    """
    folder = Path(landed.database)
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*/*.jsonl")):
        if not path.name.startswith((".", "_")):
            files.setdefault(path.parent.name, []).append(path)
    if not files:
        raise LoadError(
            f"nothing of {landed.schema} was fetched into {folder} yet: run `csw connect"
            f" {landed.schema}`, or `csw refresh`, which fetches by itself"
        )
    connection.execute(f"attach ':memory:' as {quote(alias)}")
    place = f"{quote(alias)}.{quote(landed.schema)}"
    connection.execute(f"create schema {place}")
    for name, paths in files.items():
        listed = ", ".join(text(path) for path in paths)
        connection.execute(
            f"create view {place}.{quote(name)} as select json as {OBJECT},"
            f" parse_filename(filename) as {FETCHED} from read_ndjson_objects([{listed}],"
            f" filename = true, maximum_object_size = {LONGEST_LINE})"
        )
