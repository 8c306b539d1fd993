-- Control total of the tie-out by month: what it calls billed is what recurring lines earn, and
-- what it expects is the ARR of the ledger for each day, of each billing system from the month of
-- its first bill on. Nothing is lost on the way to an account. A cent per contract may be rounded,
-- and the last digits of very large amounts.
{{ config(meta={'dagster': {'ref': {'name': 'mart_arr_tie_out'}}}) }}

with tie_out as (
    select
        month,
        count(*) as account_months,
        sum(contracts) as contracts,
        sum(expected_revenue) as expected_revenue,
        sum(billed_revenue) as billed_revenue
    from {{ ref('mart_arr_tie_out') }}
    group by month
),

earnings as (
    select
        month,
        sum(earned) as earned
    from {{ ref('int_finance_earnings') }}
    where
        line_kind = 'recurring'
        and not is_deferred
    group by month
),

first_bills as (
    select
        source_system,
        min(month) as first_month
    from {{ ref('int_finance_earnings') }}
    where
        line_kind = 'recurring'
        and not is_deferred
    group by source_system
),

months as (
    select month
    from {{ ref('int_calendar_months') }}
),

tomorrow as (
    select cast({{ dbt.dateadd('day', 1, as_of_date()) }} as date) as first_day
),

intervals as (
    select
        source_system,
        valid_from,
        valid_to,
        {{ arr_at_plan_rate() }} as arr
    from {{ ref('int_arr_line_intervals') }}
),

parts as (
    select
        months.month,
        intervals.arr,
        greatest(intervals.valid_from, months.month) as first_day,
        least(
            coalesce(intervals.valid_to, tomorrow.first_day),
            tomorrow.first_day,
            cast({{ dbt.dateadd('month', 1, 'months.month') }} as date)
        ) as end_day
    from intervals
    cross join tomorrow
    inner join months
        on
            months.month < coalesce(intervals.valid_to, tomorrow.first_day)
            and months.month
            >= cast({{ dbt.date_trunc('month', 'intervals.valid_from') }} as date)
    inner join first_bills
        on
            intervals.source_system = first_bills.source_system
            and months.month >= first_bills.first_month
),

ledger as (
    select
        month,
        sum(arr * {{ days_between('first_day', 'end_day') }}) / 365 as expected
    from parts
    where end_day > first_day
    group by month
)

select
    tie_out.month,
    tie_out.billed_revenue,
    earnings.earned,
    tie_out.expected_revenue,
    ledger.expected
from tie_out
full outer join earnings
    on tie_out.month = earnings.month
left outer join ledger
    on tie_out.month = ledger.month
where
    coalesce(tie_out.billed_revenue, 0) <> coalesce(earnings.earned, 0)
    or abs(tie_out.expected_revenue - coalesce(ledger.expected, 0))
    > 0.01 * tie_out.contracts + abs(coalesce(ledger.expected, 0)) / 1e12
