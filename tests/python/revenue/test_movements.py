"""Line movements against the demo company's own record of what it changed, and when."""

import duckdb
import pytest

# What makes a movement one of its own; `truth` is truth/month_movement.parquet.
KEYS = ("account_id", "month", "subscription_item_id", "effective_on", "subtype")


@pytest.fixture(scope="module")
def company(demo_home):
    """fct_arr_movement beside the truth, both between two month ends."""
    connection = duckdb.connect()
    connection.execute(f"attach '{demo_home.warehouse}' as warehouse (read_only)")
    truth = demo_home.path / "truth" / "month_movement.parquet"
    connection.execute(f"create view truth as from read_parquet('{truth}')")
    # As-booked ARR adds its own movements, which the truth at constant currency has not.
    connection.execute(
        "create view movements as from warehouse.facts.fct_arr_movement where subtype <> 'fx'"
    )
    yield connection
    connection.close()


def differences(company, keys):
    """Rows of either side whose sum by the keys the other has not."""
    by = ", ".join(keys)
    return company.execute(
        f"""
        with t as (select {by}, sum(arr_delta) as arr_delta from truth group by all),
        m as (select {by}, sum(arr_delta) as arr_delta from movements group by all)
        select 'only in the truth' as what, * from (from t except from m)
        union all
        select 'only in the fact' as what, * from (from m except from t)
        order by all
        """
    ).fetchall()


def test_every_movement_has_the_truths_line_day_subtype_and_amount(company):
    assert differences(company, KEYS) == []
    assert company.execute("select count(*) from movements").fetchone()[0] > 150


def test_each_subtype_of_an_account_month_equals_the_truth_to_the_cent(company):
    assert differences(company, ("account_id", "month", "subtype")) == []


def test_each_subtype_of_a_month_equals_the_truth_to_the_cent(company):
    assert differences(company, ("month", "subtype")) == []


def test_a_line_has_one_row_per_day_and_subtype(company):
    by = ", ".join(KEYS)
    twice = company.execute(
        f"select {by} from movements group by {by} having count(*) > 1"
    ).fetchall()
    assert twice == []


def test_every_movement_and_subtype_occurs(company):
    found = {
        row[0] for row in company.execute("select distinct movement from movements").fetchall()
    }
    assert found >= {"new", "expansion", "contraction", "churn", "reactivation", "transfer"}
    ours = {row[0] for row in company.execute("select distinct subtype from movements").fetchall()}
    assert ours == {
        "new",
        "churn",
        "reactivation",
        "late_renewal",
        "transfer",
        "seats",
        "price",
        "plan",
        "cross_sell",
        "discount",
        "discount_expiry",
        "pause",
        "resume",
    }


def test_returns_are_told_apart_by_their_gap(company):
    rows = company.execute(
        """
        select subtype, min(gap_days), max(gap_days)
        from movements
        where movement = 'reactivation'
        group by subtype
        """
    ).fetchall()
    for subtype, shortest, longest in rows:
        assert shortest >= 0
        assert longest <= 90 if subtype == "late_renewal" else shortest > 90
    assert rows
