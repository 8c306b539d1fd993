-- Grain: one row per account that signed and month from its first ARR to the as-of date.
-- For cohorts by start: an account that merged later keeps what its own contracts bring, so a
-- merge moves no ARR from one cohort to another. For all other accounts it is fct_account_month.
with account_months as (
    select
        account_id,
        cohort_month,
        month,
        is_complete,
        closing_arr
    from {{ ref('fct_account_month') }}
),

account_merges as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

intervals as (
    select
        contract_account_id as account_id,
        valid_from,
        valid_to,
        arr
    from {{ ref('int_arr_line_intervals') }}
    where arr > 0
),

months as (
    select
        month,
        snapshot_on,
        is_complete
    from {{ ref('int_calendar_months') }}
),

merged_accounts as (
    select account_id
    from account_merges
    union
    select survivor_account_id as account_id
    from account_merges
),

signed_snapshots as (
    select
        intervals.account_id,
        months.month,
        sum(intervals.arr) as arr
    from merged_accounts
    inner join intervals
        on merged_accounts.account_id = intervals.account_id
    inner join months
        on
            intervals.valid_from <= months.snapshot_on
            and coalesce(intervals.valid_to, cast('9999-12-31' as date)) > months.snapshot_on
    group by
        intervals.account_id,
        months.month
),

signed_starts as (
    select
        account_id,
        min(month) as cohort_month
    from signed_snapshots
    group by account_id
),

signed_months as (
    select
        signed_starts.account_id,
        signed_starts.cohort_month,
        months.month,
        months.is_complete,
        coalesce(signed_snapshots.arr, 0) as arr
    from signed_starts
    inner join months
        on signed_starts.cohort_month <= months.month
    left outer join signed_snapshots
        on
            signed_starts.account_id = signed_snapshots.account_id
            and months.month = signed_snapshots.month
),

united as (
    select
        account_months.account_id,
        account_months.cohort_month,
        account_months.month,
        account_months.is_complete,
        account_months.closing_arr as arr
    from account_months
    left outer join merged_accounts
        on account_months.account_id = merged_accounts.account_id
    where merged_accounts.account_id is null
    union all
    select
        account_id,
        cohort_month,
        month,
        is_complete,
        arr
    from signed_months
),

final as (
    select
        account_id,
        cohort_month,
        month,
        cast({{ months_between('cohort_month', 'month') }} as integer) as age_months,
        is_complete,
        account_id <> 'unassigned' as is_logo,
        cast(
            first_value(arr) over (partition by account_id order by month) as decimal(18, 2)
        ) as start_arr,
        cast(arr as decimal(18, 2)) as arr
    from united
)

select * from final
