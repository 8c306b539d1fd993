"""Line movements against the demo company's own record of what it changed, and when."""

import duckdb
import pytest


@pytest.fixture(scope="module")
def company(demo_home):
    """fct_arr_movement beside the truth, which records each change of a line on its day."""
    connection = duckdb.connect()
    connection.execute(f"attach '{demo_home.warehouse}' as warehouse (read_only)")
    truth = demo_home.path / "truth" / "line_movement.parquet"
    connection.execute(
        f"""
        create view truth as
        select *, date_trunc('month', effective_on)::date as month
        from read_parquet('{truth}')
        """
    )
    connection.execute(
        """
        create view movements as
        select * replace (replace(subtype, 'late_renewal', 'reactivation') as subtype)
        from warehouse.facts.fct_arr_movement
        """
    )
    yield connection
    connection.close()


def test_movements_of_a_month_equal_the_truth_to_the_cent(company):
    wrong = company.execute(
        """
        with t as (
            select account_id, month, sum(arr_delta) as arr_delta from truth group by all
        ),
        m as (
            select account_id, month, sum(arr_delta) as arr_delta from movements group by all
        )
        select coalesce(t.account_id, m.account_id), coalesce(t.month, m.month)
        from t full join m on t.account_id = m.account_id and t.month = m.month
        where coalesce(t.arr_delta, 0) <> coalesce(m.arr_delta, 0)
        """
    ).fetchall()
    assert wrong == []


def test_one_change_in_a_month_has_the_truths_line_day_and_subtype(company):
    """Where an account changed once in a month, nothing depends on how months are netted.

    The truth names one cause per change of a line; where ours finds two in it (a new price on the
    day a discount ends) only the sum is compared. A line that begins alone takes no other's place
    and resumes nothing, whatever stood beside it without ARR.
    """
    compared, wrong = company.execute(
        """
        with once as (
            select account_id, month
            from truth
            where subtype <> 'transfer' and account_id <> 'unassigned'
            group by all
            having count(*) = 1
        ),
        firsts as (
            select subscription_item_id, min(effective_on) as first_on from truth group by all
        ),
        expected as (
            select
                t.account_id, t.month, t.subscription_item_id, t.effective_on, t.arr_delta,
                case
                    when t.effective_on > firsts.first_on or t.subtype not in ('plan', 'resume')
                        then t.subtype
                    when a.movement = 'new' then 'new'
                    else 'cross_sell'
                end as subtype
            from once
            inner join truth as t
                on t.account_id = once.account_id and t.month = once.month
            inner join firsts on firsts.subscription_item_id = t.subscription_item_id
            left join warehouse.facts.fct_account_month as a
                on a.account_id = t.account_id and a.month = t.month
            where t.subtype <> 'transfer'
        ),
        ours as (
            select
                account_id, month, subscription_item_id, effective_on,
                sum(arr_delta) as arr_delta, count(*) as causes, min(subtype) as subtype
            from movements
            where subtype <> 'transfer'
            group by all
        )
        select
            count(*),
            list((e.account_id, e.month, e.subtype, ours.subtype, e.arr_delta, ours.arr_delta))
            filter (
                where ours.arr_delta is distinct from e.arr_delta
                or ours.effective_on is distinct from e.effective_on
                or (ours.causes = 1 and ours.subtype <> e.subtype)
            )
        from expected as e
        left join ours
            on ours.account_id = e.account_id
            and ours.subscription_item_id = e.subscription_item_id
            and ours.month = e.month
        """
    ).fetchone()
    assert not wrong
    assert compared > 50


def test_every_movement_and_subtype_occurs(company):
    found = {
        row[0] for row in company.execute("select distinct movement from movements").fetchall()
    }
    assert found >= {"new", "expansion", "contraction", "churn", "reactivation", "transfer"}
    ours = {row[0] for row in company.execute("select distinct subtype from movements").fetchall()}
    theirs = {row[0] for row in company.execute("select distinct subtype from truth").fetchall()}
    assert ours == theirs


def test_returns_are_told_apart_by_their_gap(company):
    rows = company.execute(
        """
        select subtype, min(gap_days), max(gap_days)
        from warehouse.facts.fct_arr_movement
        where movement = 'reactivation'
        group by subtype
        """
    ).fetchall()
    for subtype, shortest, longest in rows:
        assert shortest >= 0
        assert longest <= 90 if subtype == "late_renewal" else shortest > 90
    assert rows
