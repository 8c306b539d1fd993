-- Control total: the ARR of all lines at a month's snapshot is the closing ARR of all accounts.
{{ config(meta={'dagster': {'ref': {'name': 'fct_account_month'}}}) }}

with intervals as (
    select
        valid_from,
        valid_to,
        arr
    from {{ ref('int_arr_line_intervals') }}
),

account_months as (
    select
        month,
        snapshot_on,
        sum(closing_arr) as closing_arr
    from {{ ref('fct_account_month') }}
    group by
        month,
        snapshot_on
),

ledger as (
    select
        account_months.month,
        account_months.closing_arr,
        sum(intervals.arr) as ledger_arr
    from account_months
    left outer join intervals
        on
            account_months.snapshot_on >= intervals.valid_from
            and account_months.snapshot_on
            < coalesce(intervals.valid_to, cast('9999-12-31' as date))
    group by
        account_months.month,
        account_months.closing_arr
)

select
    month,
    closing_arr,
    ledger_arr
from ledger
where closing_arr <> coalesce(ledger_arr, 0)
