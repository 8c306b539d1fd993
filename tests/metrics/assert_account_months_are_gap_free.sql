-- Every account has a row for each month from its first ARR to the as-of date, and each opening
-- is the closing before it.
with ordered as (
    select
        account_id,
        month,
        cohort_month,
        opening_arr,
        lag(month) over account_months as previous_month,
        lag(closing_arr) over account_months as previous_closing_arr,
        lead(month) over account_months as next_month
    from {{ ref('fct_account_month') }}
    window account_months as (partition by account_id order by month)
)

select
    account_id,
    month,
    previous_month
from ordered
where
    (previous_month is null and month <> cohort_month)
    or (previous_month is null and opening_arr <> 0)
    or month <> cast({{ dbt.dateadd('month', 1, 'previous_month') }} as date)
    or opening_arr <> previous_closing_arr
    or (
        next_month is null
        and month <> cast({{ dbt.date_trunc('month', as_of_date()) }} as date)
    )
