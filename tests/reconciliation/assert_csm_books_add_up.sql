-- The books of all CSMs are the company: ARR, and the cohort of NRR and GRR by either way of
-- attributing it.
{{ config(meta={'dagster': {'ref': {'name': 'mart_csm_book'}}}) }}

with books as (
    select
        month,
        sum(arr) as arr,
        sum(opening_arr) as opening_arr,
        sum(retained_arr) as retained_arr,
        sum(retained_arr_capped) as retained_arr_capped,
        sum(held_at_close_opening_arr) as held_at_close_opening_arr,
        cast(sum(nrr_held_at_close * held_at_close_opening_arr) as decimal(18, 2))
            as held_at_close_retained_arr
    from {{ ref('mart_csm_book') }}
    group by month
),

account_months as (
    select
        month,
        sum(closing_arr) as arr
    from {{ ref('fct_account_month') }}
    group by month
),

cohorts as (
    select
        month,
        sum(opening_arr) as opening_arr,
        sum(retained_arr) as retained_arr,
        sum(retained_arr_capped) as retained_arr_capped
    from {{ ref('fct_account_retention_month') }}
    group by month
)

select
    account_months.month,
    account_months.arr,
    books.arr as book_arr
from account_months
left outer join books
    on account_months.month = books.month
left outer join cohorts
    on account_months.month = cohorts.month
where
    books.arr is distinct from account_months.arr
    or books.opening_arr is distinct from coalesce(cohorts.opening_arr, 0)
    or books.retained_arr <> cohorts.retained_arr
    or books.retained_arr_capped <> cohorts.retained_arr_capped
    or books.held_at_close_opening_arr <> cohorts.opening_arr
    or abs(books.held_at_close_retained_arr - cohorts.retained_arr) > 0.05
