"""The newest Stripe API tells the same company, whatever its exports were expanded with.

The demo company is loaded once as the newest API version writes it by default, once with what
docs/bring-your-own-data.md asks for. The second is the same to the cent. The first has ids for
discounts, and charges that name no invoice; every difference has a name:

- The end of a discount that is not on a billing day: invoices have it to the end of the period.
- A refund is of no invoice.
"""

import shutil
from typing import NamedTuple

import duckdb
import pytest

from orchestration.home import Home
from orchestration.loads import LoadRequest, load
from tests.python.revenue.doctored import build, copied, unexplained_account_months
from tests.python.revenue.stripe_api import Writer

pytestmark = pytest.mark.long

COMPARED = (
    "facts.fct_account_month",
    "facts.fct_churn_event",
    "facts.fct_invoice_line",
    "facts.fct_payment_issue",
    "facts.fct_tie_out_contract_month",
    "marts.mart_arr_tie_out",
    "intermediate.int_arr_line_intervals",
    "intermediate.int_arr_line_discounts",
)
ENDS = [table.split(".")[1] for table in COMPARED]
GAPS = "int_stripe_discount_gaps"
CHARGES = "assert_stripe_charges_name_their_invoice"

LINES_AT_CLOSE = """
    select
        month,
        last_day(month) as closes_on,
        lines.*
    from {database}.intermediate.int_arr_line_intervals as lines
    inner join (select distinct month from original.facts.fct_account_month) as months
        on
            lines.valid_from <= last_day(month)
            and coalesce(lines.valid_to, date '9999-12-31') > last_day(month)
"""
# Lines whose ARR differs, and whether a discount is over by then that invoices have until later.
DIFFERENT_LINES = f"""
    create temp table different as
    with told as ({LINES_AT_CLOSE.format(database="original")}),
    read as ({LINES_AT_CLOSE.format(database="newest")}),
    over as (
        select
            told.subscription_item_id,
            told.valid_from,
            told.discount_to,
            read.discount_to as read_to
        from original.intermediate.int_arr_line_discounts as told
        inner join newest.intermediate.int_arr_line_discounts as read
            using (subscription_item_id, valid_from, discount_id)
    )

    select
        month,
        told.account_id,
        told.quantity = read.quantity
        and told.unit_amount = read.unit_amount
        and told.price_share >= read.price_share
        and told.amount_off <= read.amount_off
        and exists (
            select 1 from over
            where
                over.subscription_item_id = told.subscription_item_id
                and over.valid_from = told.version_from
                and over.discount_to <= told.closes_on
                and coalesce(over.read_to > told.closes_on, true)
        ) as is_end_within_a_period,
        read.arr - told.arr as arr_delta
    from told
    full outer join read
        using (month, subscription_item_id)
    where coalesce(told.arr, 0) <> coalesce(read.arr, 0)
"""


class Company(NamedTuple):
    """The original company and the one of the newest API, and what the build of it said."""

    connection: duckdb.DuckDBPyConnection
    said: str
    is_expanded: bool
    home: Home


only_expanded = pytest.mark.parametrize("company", ["expanded"], indirect=True)
only_by_default = pytest.mark.parametrize("company", ["by_default"], indirect=True)


@pytest.fixture(scope="module", params=["by_default", "expanded"])
def company(request, demo_home, tmp_path_factory):
    """The company of the newest API beside the original one, and what its build said."""
    home = copied(demo_home, tmp_path_factory.mktemp(f"newest_api_{request.param}") / "home")
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("drop schema raw_stripe cascade")
    exports = home.path / "exports" / "stripe"
    is_expanded = request.param == "expanded"
    Writer(demo_home.path / "exports" / "stripe", is_expanded=is_expanded).write(exports)
    report = load(
        LoadRequest(source="stripe", folder=exports, warehouse=home.warehouse, run_id="newest")
    )
    assert sum(table.rows_rejected for table in report.tables) == 0
    said = build(home, *(f"source:raw_stripe+,+{name}" for name in (*ENDS, GAPS)), CHARGES)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo_home.warehouse}' as original (read_only)")
        connection.execute(f"attach '{home.warehouse}' as newest (read_only)")
        connection.execute(DIFFERENT_LINES)
        yield Company(connection, said, is_expanded, home)
    shutil.rmtree(home.path)


def apart(connection, table: str) -> int:
    """How many rows of a table are in one of both only."""
    pairs = (("original", "newest"), ("newest", "original"))
    return sum(
        connection.execute(
            f"select count(*) from (from {one}.{table} except all from {other}.{table})"
        ).fetchone()[0]
        for one, other in pairs
    )


@only_expanded
def test_what_exports_are_asked_for_tells_the_same_to_the_cent(company):
    connection, said, _, _ = company
    assert {table: apart(connection, table) for table in COMPARED} == dict.fromkeys(COMPARED, 0)
    assert f"PASS {CHARGES}" in said


def test_churn_is_the_same_by_default(company):
    assert apart(company.connection, "facts.fct_churn_event") == 0


def test_arr_differs_only_where_a_discount_ends_within_a_period(company):
    connection, _, is_expanded, _ = company
    unexplained = connection.execute(
        "select * from different where not coalesce(is_end_within_a_period, false)"
    ).fetchall()
    assert unexplained == []
    named = connection.execute("select count(*) from different").fetchone()[0]
    assert (named == 0) == is_expanded


def test_account_months_differ_by_the_sum_of_their_lines_to_the_cent(company):
    assert unexplained_account_months(company.connection, "original", "newest") == []


def test_tie_out_differs_only_by_refunds_and_by_the_end_of_discounts(company):
    """Of an account whose money was given back, or one of whose discounts ends within a period."""
    connection, _, is_expanded, _ = company
    different = connection.execute("""
        with both_ways as (
            (from original.marts.mart_arr_tie_out except all from newest.marts.mart_arr_tie_out)
            union all
            (from newest.marts.mart_arr_tie_out except all from original.marts.mart_arr_tie_out)
        ),

        refunded as (
            select account_id from original.facts.fct_invoice_line where line_kind = 'refund'
        ),

        ended as (
            select intervals.account_id
            from original.intermediate.int_arr_line_intervals as intervals
            inner join original.intermediate.int_arr_line_discounts as told
                on
                    intervals.subscription_item_id = told.subscription_item_id
                    and intervals.version_from = told.valid_from
            inner join newest.intermediate.int_arr_line_discounts as read
                on
                    told.subscription_item_id = read.subscription_item_id
                    and told.valid_from = read.valid_from
                    and told.discount_id = read.discount_id
            where told.discount_to <> coalesce(read.discount_to, date '9999-12-31')
        )

        select
            account_id in (from refunded) as is_refunded,
            account_id in (from ended) as has_ended_discount
        from both_ways
    """).fetchall()
    assert [row for row in different if row == (False, False)] == []
    assert (different == []) == is_expanded


def test_charges_that_name_no_invoice_are_named(company):
    assert (f"PASS {CHARGES}" in company.said) == company.is_expanded


def test_only_discounts_whose_days_nothing_but_bills_tells_are_a_gap(company):
    """By default that is each discount on a bill, since an object has no more than its id."""
    named = company.connection.execute(
        f"select object_id, gap from newest.intermediate.{GAPS} group by all order by all"
    ).fetchall()
    discounted = company.connection.execute("""
        select distinct
            coalesce(
                line.subscription, line.parent ->> '$.subscription_item_details.subscription'
            ),
            'discount_days_unknown'
        from original.raw_stripe.invoice_line_item as line,
            json_each(line.discount_amounts) as discount
        where cast(discount.value ->> '$.amount' as bigint) > 0
        order by all
    """).fetchall()
    assert discounted
    assert named == ([] if company.is_expanded else discounted)


@only_by_default
def test_a_discount_that_nothing_tells_counts_gross_and_is_named(company, tmp_path):
    """Neither its object nor an invoice line: here the lines of a discount forget it."""
    (discount,) = company.connection.execute(
        "select min(discount_id) from newest.intermediate.int_arr_line_discounts"
        " where discount_to is null"
    ).fetchone()
    home = copied(company.home, tmp_path / "lost")
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            "update raw_stripe.invoice_line_item set discount_amounts = '[]'"
            " where contains(discount_amounts, $1)",
            [discount],
        )
    ends = ("int_arr_line_intervals", GAPS)
    build(home, *(f"stg_stripe__invoice_line_discounts+,+{end}" for end in ends))
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        named = connection.execute(
            f"select count(*) from intermediate.{GAPS}"
            " where gap = 'discount_unknown' and contains(what_is_missing, $1)",
            [discount],
        ).fetchone()
        kept = connection.execute(
            "select count(*) from intermediate.int_arr_line_discounts where discount_id = $1",
            [discount],
        ).fetchone()
    assert named == (1,)
    assert kept == (0,)
