"""ARR by product and plan of the demo company, added up in pandas from the ledger."""

from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest

from orchestration.home import Home


@pytest.fixture(scope="module")
def warehouse(demo_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_home.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def held(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Each line that brings something at the close of a month, with the names of its terms."""
    lines = warehouse.sql(
        "select account_id, source_system, product_id, plan_id, valid_from, valid_to, "
        "cast(arr as double) as arr from facts.fct_arr_line where arr <> 0"
    ).df()
    closes = warehouse.sql("select distinct month, snapshot_on from facts.fct_account_month").df()
    products = warehouse.sql("select * from staging.stg_stripe__products").df()
    lines["product"] = lines["product_id"].map(
        dict(zip(products["product_id"], products["product_name"], strict=True))
    )
    found = []
    for close in closes.itertuples():
        running = lines[
            (lines["valid_from"] <= close.snapshot_on)
            & ~(lines["valid_to"] <= close.snapshot_on).fillna(False)
        ]
        found.append(running.assign(month=close.month))
    return pd.concat(found)


def test_each_product_has_the_arr_of_its_lines(
    warehouse: duckdb.DuckDBPyConnection, held: pd.DataFrame
) -> None:
    expected = held.groupby(["month", "product"])["arr"].sum().round(2)
    found = warehouse.sql(
        "select month, segment_value as product, cast(closing_arr as double) as arr "
        "from marts.mart_arr_by_product_monthly where segment_type = 'product'"
    ).df()
    pd.testing.assert_series_equal(
        found.set_index(["month", "product"])["arr"].sort_index(),
        expected.sort_index(),
        check_index_type=False,
    )


def test_customers_with_several_products_are_counted(
    warehouse: duckdb.DuckDBPyConnection, held: pd.DataFrame
) -> None:
    owned = held.groupby(["month", "account_id", "product_id"])["arr"].sum()
    counts = owned[owned > 0].groupby(["month", "account_id"]).size().reset_index(name="products")
    customers = counts[counts["account_id"] != "unassigned"].groupby("month")["products"]
    found = warehouse.sql(
        "select month, accounts, multi_product_accounts, products_per_account "
        "from marts.mart_arr_by_product_monthly where segment_type = 'total'"
    ).df()
    found = found.set_index("month").sort_index()
    assert list(found["accounts"]) == list(customers.size())
    assert list(found["multi_product_accounts"]) == list(
        customers.agg(lambda products: (products > 1).sum())
    )
    assert list(found["products_per_account"]) == pytest.approx(list(customers.mean()))
    assert (found["multi_product_accounts"] > 0).any()
