"""ARR, movements, NRR and GRR recomputed from the Stripe export, to the cent."""

from datetime import date
from decimal import Decimal

import duckdb
import pandas as pd
import pytest

from tests.python.revenue import oracle


@pytest.fixture(scope="module")
def warehouse(demo_home):
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def as_of(warehouse):
    rows = warehouse.execute("select value from raw_loads.settings where name = 'as_of_date'")
    return date.fromisoformat(rows.fetchone()[0])


@pytest.fixture(scope="module")
def snapshots(as_of):
    """Month -> the day it is measured at, from the demo's first month on."""
    months = pd.date_range("2023-01-01", as_of, freq="MS")
    return {month.date(): min((month + pd.offsets.MonthEnd(0)).date(), as_of) for month in months}


@pytest.fixture(scope="module")
def merges(demo_home):
    """Merged accounts from the CRM export itself."""
    folder = demo_home.exports / "salesforce"
    accounts = pd.read_csv(folder / "Account.csv", dtype=str)
    history = pd.read_csv(folder / "AccountHistory.csv", dtype=str)
    merged_on = history[history["Field"] == "MasterRecordId"].set_index("AccountId")["CreatedDate"]
    merged = accounts.dropna(subset=["MasterRecordId"])
    return {
        row.Id: oracle.Merge(row.MasterRecordId, date.fromisoformat(merged_on[row.Id][:10]))
        for row in merged.itertuples()
    }


@pytest.fixture(scope="module")
def account_of(warehouse):
    """Identity is tested elsewhere; here it is taken as given."""
    rows = warehouse.execute(
        "select system_key, account_id from intermediate.int_account_xref "
        "where source_system = 'stripe'"
    )
    return dict(rows.fetchall())


@pytest.fixture(scope="module")
def rates(project_root, as_of):
    """The plan rates: in force on 1 January of the as-of year, else the earliest."""
    table = pd.read_csv(project_root / "seeds" / "fx_rates.csv", dtype=str)
    plan_day = f"{as_of.year}-01-01"
    found = {"USD": Decimal(1)}
    for currency, rows in table.sort_values("valid_from").groupby("currency"):
        known = rows[rows["valid_from"] <= plan_day]
        rate = known["rate_to_reporting"].iloc[-1] if len(known) else rows.iloc[0, 2]
        found[currency] = Decimal(rate)
    return found


@pytest.fixture(scope="module")
def arr(demo_home, snapshots, as_of, account_of, merges, rates):
    return oracle.account_month_arr(
        demo_home.exports / "stripe",
        snapshots=snapshots,
        as_of=as_of,
        account_of=account_of,
        merges=merges,
        rates=rates,
    )


@pytest.fixture(scope="module")
def signed_arr(demo_home, snapshots, as_of, account_of, rates):
    """ARR by the account that signed: a merge moves nothing."""
    return oracle.account_month_arr(
        demo_home.exports / "stripe",
        snapshots=snapshots,
        as_of=as_of,
        account_of=account_of,
        merges={},
        rates=rates,
    )


def test_movements_agree_with_the_oracle(warehouse, arr, snapshots, merges):
    ours = warehouse.execute(
        """
        select account_id, month, opening_arr, transfer_arr, closing_arr, movement,
            new_arr + expansion_arr + contraction_arr + churn_arr + reactivation_arr
        from facts.fct_account_month order by account_id, month
        """
    ).fetchall()
    theirs = oracle.movements(arr, snapshots, merges).sort_values(["account_id", "month"])
    expected = list(theirs.itertuples(index=False, name=None))
    assert len(ours) == len(expected)
    differences = [(a, b) for a, b in zip(ours, expected, strict=True) if tuple(a) != b]
    assert differences == []


def test_retention_agrees_with_the_oracle(warehouse, arr, snapshots, merges):
    columns = [
        "month",
        "opening_arr",
        "retained_arr",
        "retained_arr_capped",
        "opening_accounts",
        "retained_accounts",
    ]
    ours = warehouse.execute(
        f"""
        select {", ".join(columns)} from marts.mart_retention_monthly
        where segment_type = 'total' and opening_arr > 0 order by month
        """
    ).fetchall()
    theirs = oracle.retention(arr, snapshots, merges)
    theirs = theirs[theirs["opening_arr"] > 0][columns]
    assert [tuple(row) for row in ours] == list(theirs.itertuples(index=False, name=None))
    assert len(ours) >= 12


def test_cohorts_agree_with_the_oracle(warehouse, signed_arr, snapshots):
    theirs = oracle.cohorts(signed_arr, snapshots)
    theirs = theirs.sort_values(["cohort_month", "age_months"])
    ours = warehouse.execute(
        f"""
        select {", ".join(theirs.columns)} from marts.mart_retention_cohorts
        order by cohort_month, age_months
        """
    ).fetchall()
    assert [tuple(row) for row in ours] == list(theirs.itertuples(index=False, name=None))
    assert len(ours) > 100
