"""What one home has and another has not."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import duckdb

from orchestration.publish import DATABASE_LINK

# Tables of the loader itself, and of what it did.
OF_LOADS = ("raw_loads",)


def hashes(home: Path) -> dict[str, str]:
    """Return the hash of each published table, as the manifest says."""
    manifest = json.loads((home / "published" / "manifest.json").read_text(encoding="utf-8"))
    return {name: table["sha256"] for name, table in manifest["marts"].items()}


def differing(control: Path, home: Path, but: Collection[str]) -> list[str]:
    """Return the published tables that are not the same in two homes."""
    first, second = hashes(control), hashes(home)
    return sorted(
        name for name in {*first, *second} - {*but} if first.get(name) != second.get(name)
    )


def rows_lost(control: Path, home: Path, but: Collection[str]) -> int:
    """Count the rows, published and raw, that the control has and the home has not."""
    published = f"published/{DATABASE_LINK}"
    return _missing(control / published, home / published, but) + _missing(
        control / "warehouse.duckdb", home / "warehouse.duckdb", (), raw=True
    )


def _missing(first: Path, second: Path, but: Collection[str], *, raw: bool = False) -> int:
    with duckdb.connect() as connection:
        for name, file in (("first", first), ("second", second)):
            # The same name may be open in the reader: a file is a database once in a process.
            connection.execute(f"attach '{file.resolve()}' as {name} (read_only)")
        chosen = "schema_name like 'raw%'" if raw else "schema_name = 'marts'"
        tables = connection.execute(
            "select schema_name, table_name, database_name = 'first',"
            " list(column_name order by column_index)"
            " filter (where not starts_with(column_name, '_'))"
            f" from duckdb_columns() where {chosen} and not starts_with(table_name, '_')"
            " and database_name in ('first', 'second') group by all"
        ).fetchall()
        there = {(schema, table) for schema, table, is_first, _ in tables if not is_first}
        lost = 0
        for schema, table, is_first, columns in tables:
            if not is_first or schema in OF_LOADS or table in but:
                continue
            named = ", ".join(f'"{column}"' for column in columns)
            of_control = f'select {named} from first."{schema}"."{table}"'
            of_home = f'select {named} from second."{schema}"."{table}"'
            asked = of_control
            if (schema, table) in there:
                asked = f"({of_control}) except all ({of_home})"
            found = connection.execute(f"select count(*) from ({asked})").fetchone()
            lost += found[0] if found else 0
    return lost
