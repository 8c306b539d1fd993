"""Stripe keeps events for thirty days: without older ones, invoices tell what past ARR was.

The demo company is built once with all its events, once with those of the last thirty days and once
with none. Every difference in past ARR has one of two names, by line and month:

- A pause shows in events alone: what was in force before it counts.
- An invoice has the discount of the first day of its period: a change within the period shows in
  the next one.
"""

import shutil
from datetime import timedelta

import duckdb
import pytest

from orchestration.home import Home
from tests.python.revenue.doctored import build, copied, unexplained_account_months

pytestmark = pytest.mark.long

KEPT_DAYS = {"of_thirty_days": 30, "at_all": None}
BUILT = "stg_stripe__subscription_events+,+fct_account_month"

# Every line at the close of a month, with the terms and the discount that were last not paused.
LINE_MONTHS = """
    create temp table {name} as
    with lines as (
        select
            *,
            last_value(
                case
                    when not is_paused
                        then concat_ws(
                            ' ', plan_id, quantity, unit_amount, currency, billing_interval
                        )
                end
                ignore nulls
            ) over so_far as terms,
            last_value(
                case when not is_paused then concat_ws(' ', price_share, amount_off) end
                ignore nulls
            ) over so_far as discount
        from {database}.intermediate.int_arr_line_intervals
        window so_far as (partition by subscription_item_id order by valid_from)
    )

    select
        months.month,
        last_day(months.month) as closes_on,
        lines.*
    from lines
    inner join (select distinct month from complete.facts.fct_account_month) as months
        on
            lines.valid_from <= last_day(months.month)
            and coalesce(lines.valid_to, date '9999-12-31') > last_day(months.month)
"""
DIFFERENT_LINES = """
    create temp table different as
    select
        told.month,
        told.account_id,
        told.is_paused and not read.is_paused as is_pause,
        told.terms = read.terms as has_same_terms,
        told.discount = read.discount as has_same_discount,
        first_day.discount = read.discount as has_discount_of_its_first_day,
        read.arr - told.arr as arr_delta
    from told
    full outer join read
        using (month, subscription_item_id)
    left join complete.intermediate.int_stripe_subscription_states as states
        on
            told.subscription_id = states.subscription_id
            and states.valid_from <= told.closes_on
            and coalesce(states.valid_to, date '9999-12-31') > told.closes_on
    left join (
        select
            subscription_item_id,
            valid_from,
            valid_to,
            concat_ws(' ', price_share, amount_off) as discount
        from complete.intermediate.int_arr_line_intervals
    ) as first_day
        on
            told.subscription_item_id = first_day.subscription_item_id
            and first_day.valid_from <= states.term_start
            and coalesce(first_day.valid_to, date '9999-12-31') > states.term_start
    where coalesce(told.arr, 0) <> coalesce(read.arr, 0)
"""


def forget_events(home: Home, kept_days: int | None) -> None:
    """Delete the events that Stripe would no longer deliver."""
    with duckdb.connect(str(home.warehouse)) as connection:
        row = connection.execute(
            "select cast(value as date) from raw_loads.settings where name = 'as_of_date'"
        ).fetchone()
        assert row is not None
        oldest = row[0] - timedelta(days=kept_days) if kept_days is not None else None
        connection.execute(
            "delete from raw_stripe.event where coalesce(to_timestamp(created) < $1, true)",
            [oldest],
        )


@pytest.fixture(scope="module", params=KEPT_DAYS)
def company(request, demo_home, tmp_path_factory):
    """The company without older events, beside the complete one."""
    home = copied(demo_home, tmp_path_factory.mktemp(f"no_events_{request.param}") / "home")
    forget_events(home, KEPT_DAYS[request.param])
    build(home, BUILT)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo_home.warehouse}' as complete (read_only)")
        connection.execute(f"attach '{home.warehouse}' as incomplete (read_only)")
        connection.execute(LINE_MONTHS.format(name="told", database="complete"))
        connection.execute(LINE_MONTHS.format(name="read", database="incomplete"))
        connection.execute(DIFFERENT_LINES)
        yield connection
    shutil.rmtree(home.path)


def count(company, sql: str) -> int:
    """The single number of a query."""
    return company.execute(sql).fetchone()[0]


def test_almost_no_subscription_has_its_creation_among_the_events(company):
    assert count(company, "select count(*) from incomplete.intermediate.int_stripe_event_gaps") > (
        0.9 * count(company, "select count(*) from complete.intermediate.int_stripe_subscriptions")
    )
    assert count(company, "select count(*) from complete.intermediate.int_stripe_event_gaps") == 0


def test_past_arr_differs_by_pauses_and_discounts_changed_within_a_period(company):
    named = "is_pause and has_same_terms and has_same_discount"
    in_period = "not is_pause and has_same_terms and has_discount_of_its_first_day"
    unexplained = company.execute(
        f"select * from different where not coalesce(({named}) or ({in_period}), false)"
    ).fetchall()
    assert unexplained == []
    assert count(company, f"select count(*) from different where {named}") > 0
    assert count(company, f"select count(*) from different where {in_period}") > 0


def test_account_months_differ_by_the_sum_of_their_lines_to_the_cent(company):
    assert unexplained_account_months(company, "complete", "incomplete") == []


def test_subscriptions_are_signed_start_and_end_as_with_all_events(company):
    columns = "subscription_id, customer_key, status, started_on, signed_on, ended_on, currency"
    for one, other in (("complete", "incomplete"), ("incomplete", "complete")):
        table = "intermediate.int_stripe_subscriptions"
        apart = company.execute(
            f"select {columns} from {one}.{table} except all select {columns} from {other}.{table}"
        ).fetchall()
        assert apart == []


def test_a_past_that_invoices_tell_is_no_reason_to_warn(company):
    gaps = "select count(*) from incomplete.facts.fct_data_gap where gap = 'history_untold'"
    assert count(company, gaps) == 0
