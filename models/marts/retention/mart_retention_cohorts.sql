-- Grain: one row per cohort_month and age_months.
-- The cohort is the accounts whose first ARR was in that month; age 0 is its close. GRR caps
-- each account at its own ARR at age 0: growth, and falling and rising again above it, count not.
with account_months as (
    select
        cohort_month,
        age_months,
        month,
        is_complete,
        is_logo,
        start_arr,
        arr
    from {{ ref('fct_account_cohort_month') }}
),

cohorts as (
    select
        cohort_month,
        age_months,
        month,
        is_complete,
        count_if(is_logo) as cohort_accounts,
        count_if(is_logo and arr > 0) as accounts,
        sum(start_arr) as cohort_arr,
        sum(arr) as arr,
        sum(least(arr, start_arr)) as capped_arr
    from account_months
    group by
        cohort_month,
        age_months,
        month,
        is_complete
),

final as (
    select
        cohort_month,
        age_months,
        month,
        cast(cohort_accounts as bigint) as cohort_accounts,
        cast(accounts as bigint) as accounts,
        cast(cohort_arr as decimal(18, 2)) as cohort_arr,
        cast(arr as decimal(18, 2)) as arr,
        cast(accounts as double) / nullif(cohort_accounts, 0) as logo_retention,
        cast(capped_arr / nullif(cohort_arr, 0) as double) as grr,
        cast(arr / nullif(cohort_arr, 0) as double) as nrr,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from cohorts
)

select * from final
