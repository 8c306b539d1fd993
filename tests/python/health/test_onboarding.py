"""Time to first value in the demo company, against scipy's estimate of the same days."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
from scipy.stats import CensoredData, ecdf

from orchestration.home import Home


@pytest.fixture(scope="module")
def warehouse(demo_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


def _days(warehouse: duckdb.DuckDBPyConnection) -> tuple[list[int], list[int]]:
    """Days to first value of who has it, and days without of who was last seen so."""
    as_of = date.fromisoformat(
        warehouse.sql("select value from raw_loads.settings where name = 'as_of_date'").fetchone()[
            0
        ]
    )
    used: dict[str, list[date]] = {}
    for account, day in warehouse.sql(
        "select account_id, usage_date from facts.fct_account_usage_day "
        "where key_features_active_28d > 0 order by usage_date"
    ).fetchall():
        used.setdefault(account, []).append(day)
    paid: dict[str, date] = {}
    for account, end in warehouse.sql(
        "select account_id, valid_to from facts.fct_arr_line where arr > 0"
    ).fetchall():
        paid[account] = max(paid.get(account, date.min), min(end or as_of, as_of))
    first_of_all = min(days[0] for days in used.values())
    reached, waiting = [], []
    for account, start in warehouse.sql(
        "select account_id, started_on from facts.dim_account where started_on is not null"
    ).fetchall():
        if not first_of_all <= start <= as_of:
            continue
        later = [day for day in used.get(account, []) if day >= start]
        if later:
            reached.append((later[0] - start).days)
        elif account in paid:
            waiting.append((paid[account] - start).days)
    return reached, waiting


def test_time_to_value_is_the_kaplan_meier_estimate(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    reached, waiting = _days(warehouse)
    assert len(reached) > 20
    assert waiting
    share = ecdf(CensoredData(uncensored=reached, right=waiting)).sf
    curve = warehouse.sql(
        "select day, share_with_value from facts.fct_time_to_value_curve "
        "where segment_type = 'total' order by day"
    ).fetchall()
    assert [day for day, _ in curve] == [int(day) for day in share.quantiles]
    for (day, ours), theirs in zip(curve, share.probabilities, strict=True):
        assert ours == pytest.approx(1 - theirs, abs=1e-6), day
    accounts, median = warehouse.sql(
        "select accounts, median_days from marts.mart_time_to_value where segment_type = 'total'"
    ).fetchone()
    assert accounts == len(reached) + len(waiting)
    assert median == min(
        int(day)
        for day, left in zip(share.quantiles, share.probabilities, strict=True)
        if left <= 0.5
    )
