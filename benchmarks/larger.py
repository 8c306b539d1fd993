"""A published company, many times over: what the app has to read of a company of that size.

    uv run python -m benchmarks.larger --home data --times 25 --into larger   # 10,000 accounts
    uv run python -m benchmarks.dashboard --home larger

A refresh of 10,000 accounts takes hours; this takes a minute. Every row of an account or a CSM is
copied under ids and names of its own: 25 times the accounts, their usage, bills and signals, and 25
times the CSMs, so that a book stays as large as it is. What is added up (ARR by month and cut,
rates) stays as it is: the numbers of rows are those of such a company, the figures are not.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import duckdb

from orchestration.database import quote
from orchestration.home import Home
from orchestration.memory import bound_memory
from orchestration.publish import MANIFEST, SCHEMA, Publication, read_publication

# Ids that copies of an account have in common.
SHARED = {"product_id", "plan_id", "run_id", "object_id", "manager_id"}
NAMES = {"account_name", "csm_name", "owner", "owner_name"}
# Whose rows are copied: those of an account or a CSM.
COPIED = {"account_id", "csm_id"}
RANKS = {"rank", "risk_rank"}


def enlarge(connection: duckdb.DuckDBPyConnection, times: int) -> None:
    """Copy the rows of each account and CSM, so that there are so many times as many."""
    columns: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = ?"
        " order by table_name, column_index",
        [SCHEMA],
    ).fetchall():
        columns.setdefault(table, {})[column] = kind
    for table, kinds in columns.items():
        if COPIED & kinds.keys():
            only = "account_id is distinct from 'unassigned'" if "account_id" in kinds else "true"
        elif "segment_type" in kinds:
            only = "segment_type = 'csm'"
        else:
            continue
        changes = [change for each in kinds.items() if (change := _changed(*each))]
        connection.execute(
            f"insert into {quote(table)} select original.* replace ({', '.join(changes)})"
            f" from {quote(table)} as original, range(1, {times}) as copies(n) where {only}"
        )


def _changed(column: str, kind: str) -> str:
    """Return the SQL of what a copy has in the place of a column, if it has anything else."""
    name = quote(column)
    if column in RANKS:
        return f"{name} + n * 1000000 as {name}"
    if kind != "VARCHAR" or column in SHARED:
        return ""
    if column == "segment_value":
        return f"case when segment_type = 'csm' then {name} || '-' || n else {name} end as {name}"
    if column in NAMES or column.endswith("_id"):
        return f"{name} || '-' || n as {name}"
    return ""


def make(home: Home, times: int, into: Home) -> Publication:
    """Write a home that has nothing but the larger publication."""
    publication = read_publication(home.published)
    if publication is None:
        raise SystemExit(f"Nothing is published in {home.path}.")
    into.published.mkdir(parents=True)
    names = [MANIFEST, publication.database]
    names += [publication.quality.database] if publication.quality else []
    for name in names:
        (into.published / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(home.published / name, into.published / name)
    with duckdb.connect(into.published / publication.database) as connection:
        bound_memory(connection)
        connection.execute(f"use {SCHEMA}")
        enlarge(connection, times)
    return publication


def main() -> None:
    """Read the arguments, and say how many accounts there are now."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, required=True, help="a home with something published")
    parser.add_argument("--times", type=int, default=25, help="25 makes 400 accounts 10,000")
    parser.add_argument("--into", type=Path, required=True, help="the home to make")
    arguments = parser.parse_args()
    into = Home(arguments.into)
    publication = make(Home(arguments.home), arguments.times, into)
    with duckdb.connect(into.published / publication.database, read_only=True) as connection:
        found = connection.execute(
            f"select table_name, estimated_size from duckdb_tables() where schema_name = '{SCHEMA}'"
            " order by estimated_size desc"
        ).fetchall()
    for table, rows in found:
        print(f"{table:40} {rows:12,}")


if __name__ == "__main__":
    main()
