"""The analyses explain the figures of the marts: their parts add up to them."""

import duckdb
import pytest

from orchestration.query import compiled


@pytest.fixture(scope="module")
def warehouse(demo_home):
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def analysis(demo_home, warehouse):
    """Give the rows of an analysis as `csw query` asks it."""

    def rows(name, **settings):
        return warehouse.sql(compiled(demo_home, name, settings)).df()

    return rows


PAIRS = [("2025-11-01", "2025-12-01"), ("2024-12-01", "2025-12-01"), ("2024-04-01", "2024-05-01")]


@pytest.mark.parametrize(("earlier", "month"), PAIRS)
def test_the_parts_of_a_change_of_nrr_add_up_to_it(warehouse, analysis, earlier, month):
    rows = analysis("why_nrr_changed", nrr_month=month, nrr_earlier_month=earlier)
    sql = "select nrr from marts.mart_retention_monthly where segment_type = 'total' and month = ?"
    then, now = (warehouse.execute(sql, [day]).fetchone()[0] for day in (earlier, month))
    assert rows["nrr_then"].iloc[0] == pytest.approx(then, abs=1e-12)
    assert rows["nrr_now"].iloc[0] == pytest.approx(now, abs=1e-12)
    assert rows["effect_then"].sum() == pytest.approx(then - 1, abs=1e-9)
    assert rows["effect_now"].sum() == pytest.approx(now - 1, abs=1e-9)
    assert rows["effect_on_change"].sum() == pytest.approx(now - then, abs=1e-9)
    assert len(rows) > 5


def test_a_change_of_nrr_names_who_joined_and_who_left_the_cohort(warehouse, analysis):
    rows = analysis("why_nrr_changed", nrr_month="2025-12-01", nrr_earlier_month="2024-12-01")
    assert set(rows["cohort"]) == {"in both", "joined", "left"}
    assert (rows.loc[rows["cohort"] == "joined", "change_then"] == 0).all()
    assert (rows.loc[rows["cohort"] == "left", "change_now"] == 0).all()
    assert {"expansion", "contraction", "churn"} <= set(rows["movement"])


def test_the_walk_of_a_month_adds_up_to_its_rates(warehouse, analysis):
    rows = analysis("nrr_walk")
    sql = (
        "select nrr, grr from marts.mart_retention_monthly "
        "where segment_type = 'total' and month = '2025-12-01'"
    )
    nrr, grr = warehouse.execute(sql).fetchone()
    assert rows["effect_on_nrr"].sum() == pytest.approx(nrr - 1, abs=1e-9)
    assert rows["effect_on_grr"].sum() == pytest.approx(grr - 1, abs=1e-9)
