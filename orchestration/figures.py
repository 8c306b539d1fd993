"""The few figures a summary shows, read from the published file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.database import connect

ARR_SQL = """
    select month, sum(closing_arr), count(*) filter (where closing_arr > 0)
    from marts.fct_account_month
    group by month
    order by month desc
    limit 1
"""
RETENTION_SQL = """
    select month, nrr, grr, logo_retention
    from marts.mart_retention_monthly
    where segment_type = 'total'
    order by month desc
    limit 1
"""

HEALTH_SQL = """
    select displayed_band, count(*)
    from marts.mart_health_score
    group by displayed_band
"""


@dataclass(frozen=True)
class Figures:
    """The headline figures of the newest month; none where a table or a year of history lacks.

    `customers` are the accounts with ARR; `health` counts those under contract by the band that
    is shown.
    """

    month: date | None = None
    arr: Decimal | None = None
    customers: int | None = None
    nrr: float | None = None
    grr: float | None = None
    logo_churn: float | None = None
    health: dict[str, int] = field(default_factory=dict)


def read_figures(database: Path) -> Figures:
    """Read the headline figures from a published file."""
    with connect(database, read_only=True) as connection:
        tables = {
            name
            for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()
        }
        arr = retention = None
        health: dict[str, int] = {}
        if "fct_account_month" in tables:
            arr = connection.execute(ARR_SQL).fetchone()
        if "mart_retention_monthly" in tables:
            retention = connection.execute(RETENTION_SQL).fetchone()
        if "mart_health_score" in tables:
            health = dict(connection.execute(HEALTH_SQL).fetchall())
    month, total, customers = arr or (None, None, None)
    if retention is None:
        return Figures(month=month, arr=total, customers=customers, health=health)
    _, nrr, grr, kept = retention
    return Figures(
        month=month,
        arr=total,
        customers=customers,
        nrr=None if nrr is None else float(nrr),
        grr=None if grr is None else float(grr),
        logo_churn=None if kept is None else 1 - float(kept),
        health=health,
    )
