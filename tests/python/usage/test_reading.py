"""A daily refresh reads the new rows of the raw table, not its history."""

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home

from .company import FIRST_DAY, Company

pytestmark = pytest.mark.long

DAYS, EVENTS_A_DAY, LATE = 100, 12_000, 4
# Days' worth of rows that a model may read. The new day has events of 4 days ago; repeats are
# looked for 7 days on both sides of that, around days as far away again: 19 days, in two scans. A
# scan reads whole blocks, here some 5 days more.
READERS = {
    "int_product_user_keys": 20,
    "int_product_repeats": 50,
    "int_product_user_days": 20,
    "int_product_late_days": 20,
    "int_product_feature_user_days": 20,
}
LAST = FIRST_DAY + timedelta(days=DAYS - 1)


@pytest.fixture(scope="module")
def long_history(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """1.2 million deliveries, a load a day; the usage is built up to the day before the last."""
    company = Company(tmp_path_factory.mktemp("reading") / "home")
    company.create()
    with company.connection() as connection:
        connection.execute(
            f"""
            insert into raw_segment.tracks by name
            select
                'm' || i as message_id,
                'comment_added' as event,
                'u' || (i % 50) as user_id,
                'g' || (i % 5) as group_id,
                received_at - to_days((i % 100 = 0)::int * {LATE}) as timestamp,
                received_at,
                (1700000000 + day * 86400)::varchar as _dlt_load_id,
                i as _source_line
            from (
                select
                    i,
                    i // {EVENTS_A_DAY} as day,
                    timestamp '{FIRST_DAY}' + to_seconds(i * 86400 // {EVENTS_A_DAY}) as received_at
                from range({DAYS * EVENTS_A_DAY}) as numbers(i)
            )
            order by i
            """
        )
    company.build(LAST - timedelta(days=1))
    return company


def rows_scanned(connection: duckdb.DuckDBPyConnection, query: str, profile: Path) -> int:
    """Rows that the scans of the raw table give to a query, summed over its scans."""
    connection.execute("pragma enable_profiling = 'json'")
    connection.execute(f"set profiling_output = '{profile}'")
    connection.execute(query).fetchall()
    connection.execute("pragma disable_profiling")
    return _scanned(json.loads(profile.read_text(encoding="utf-8")))


def _scanned(operator: dict) -> int:
    name = str(operator.get("extra_info", {}).get("Table", ""))
    own = operator.get("operator_rows_scanned", 0) if name.endswith("tracks") else 0
    return own + sum(_scanned(child) for child in operator.get("children", []))


@pytest.fixture(scope="module")
def last_day(long_history: Company) -> Company:
    """The last day has come: what the readers stand on is built, they are compiled."""
    with long_history.connection() as connection:
        connection.execute("update raw_loads.settings set value = ?", [LAST.isoformat()])
    long_history.dbt("run", "--select", "int_product_deliveries", "int_product_events")
    long_history.dbt("compile", "--select", *READERS)
    return long_history


@pytest.mark.parametrize(("model", "most"), READERS.items())
def test_the_new_day_reads_no_history(
    last_day: Company, tmp_path: Path, model: str, most: int
) -> None:
    (compiled,) = Home(last_day.folder).dbt_target.rglob(f"compiled/**/{model}.sql")
    with last_day.connection() as connection:
        scanned = rows_scanned(connection, compiled.read_text("utf-8"), tmp_path / "profile.json")
    assert EVENTS_A_DAY <= scanned <= most * EVENTS_A_DAY
