"""A company of which something was changed in the raw tables, built again beside the original."""

import shutil
from pathlib import Path
from typing import Any

import duckdb

from orchestration.home import Home
from tests.python.parsed import run_dbt


def copied(home: Home, path: Path) -> Home:
    """A home with the same warehouse."""
    path.mkdir()
    for name in (home.warehouse.name, "home.json"):
        shutil.copy(home.path / name, path / name)
    return Home(path)


def build(home: Home, *selected: str, kinds: tuple[str, ...] = ("model", "test")) -> str:
    """Build and test some of the models; return what dbt says."""
    types = [word for kind in kinds for word in ("--resource-type", kind)]
    return run_dbt(home, "build", *types, "--indirect-selection", "cautious", "--select", *selected)


def unexplained_account_months(
    connection: duckdb.DuckDBPyConnection, one: str, other: str
) -> list[tuple[Any, ...]]:
    """Account-months of two attached warehouses that differ by another sum than their lines.

    The lines that differ are in the table `different`: month, account_id and arr_delta.
    """
    return connection.execute(f"""
        with by_account as (
            select month, account_id, sum(arr_delta) as arr_delta
            from different
            group by month, account_id
        )
        select month, account_id, told.closing_arr, read.closing_arr, by_account.arr_delta
        from {one}.facts.fct_account_month as told
        full outer join {other}.facts.fct_account_month as read using (month, account_id)
        left join by_account using (month, account_id)
        where coalesce(read.closing_arr, 0) - coalesce(told.closing_arr, 0)
            <> coalesce(by_account.arr_delta, 0)
    """).fetchall()
