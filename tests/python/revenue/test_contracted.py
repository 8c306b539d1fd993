"""Contracted ARR of the demo company, from the CRM's deals and what was bought on the first day."""

import duckdb
import pandas as pd
import pytest

BEGINNING = pd.Timestamp("2023-01-01")
DAY_BEFORE = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def warehouse(demo_home):
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def signed(warehouse):
    """One row per account that signed before it started: both days, and the ARR of the first."""
    deals = warehouse.sql("""
        select account_id, cast(close_date as date) as signed_on
        from raw_salesforce.opportunity
        where type = 'New Business' and cast(is_won as boolean)
    """).df()
    # A trial comes first too: what follows it was not waited for.
    starts = warehouse.sql("""
        select account_id, min(started_on) as starts_on
        from facts.fct_subscription
        group by account_id
    """).df()
    lines = warehouse.sql("""
        select account_id, valid_from as starts_on, sum(cast(arr as double)) as arr
        from facts.fct_arr_line
        where arr > 0
        group by account_id, valid_from
    """).df()
    ahead = deals.drop_duplicates().merge(starts, on="account_id")
    ahead = ahead.merge(lines, on=["account_id", "starts_on"])
    return ahead[ahead["signed_on"] < ahead["starts_on"]]


def test_demo_company_signs_some_contracts_ahead(signed):
    assert len(signed) > 30
    assert (signed["starts_on"] - signed["signed_on"]).max() < pd.Timedelta(days=60)


def test_contract_counts_at_each_close_between_signing_and_start(warehouse, signed):
    closes = [
        (row.account_id, close.replace(day=1), row.arr)
        for row in signed.itertuples()
        for close in pd.date_range(row.signed_on, row.starts_on - DAY_BEFORE, freq="ME")
        if close > BEGINNING
    ]
    expected = pd.DataFrame(closes, columns=["account_id", "month", "arr"])
    found = warehouse.sql("""
        select account_id, cast(month as timestamp) as month, cast(contracted_arr as double) as arr
        from facts.fct_contracted_arr_month
    """).df()
    both = expected.merge(found, on=["account_id", "month"], how="outer", suffixes=("", "_found"))
    assert len(both) > 20
    assert both["arr"].fillna(0).tolist() == pytest.approx(both["arr_found"].fillna(0).tolist())


def test_contracted_arr_is_what_carr_has_more_than_arr(warehouse):
    rows = warehouse.sql("""
        select carr.month, carr.carr - carr.arr, coalesce(sum(contracts.contracted_arr), 0)
        from marts.mart_carr_monthly as carr
        left join facts.fct_contracted_arr_month as contracts using (month)
        where carr.segment_type = 'total'
        group by all
    """).fetchall()
    assert all(more == contracted for _, more, contracted in rows)
    assert sum(contracted > 0 for *_, contracted in rows) > 12
