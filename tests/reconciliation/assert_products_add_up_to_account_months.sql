-- What an account pays for its products is its ARR, to the cent, in every month; and what customers
-- pay by product, and by plan, is the ARR of the month.
{{ config(meta={'dagster': {'ref': {'name': 'fct_account_product_month'}}}) }}

with products as (
    select
        account_id,
        month,
        sum(closing_arr) as product_arr
    from {{ ref('fct_account_product_month') }}
    group by
        account_id,
        month
),

account_months as (
    select
        account_id,
        month,
        closing_arr
    from {{ ref('fct_account_month') }}
),

month_sums as (
    select
        month,
        sum(closing_arr) as closing_arr
    from account_months
    group by month
),

mart as (
    select
        segment_type,
        month,
        sum(closing_arr) as product_arr
    from {{ ref('mart_arr_by_product_monthly') }}
    group by
        segment_type,
        month
)

select
    coalesce(account_months.account_id, products.account_id) as whose,
    coalesce(account_months.month, products.month) as month,
    account_months.closing_arr,
    products.product_arr
from account_months
full outer join products
    on
        account_months.account_id = products.account_id
        and account_months.month = products.month
where coalesce(account_months.closing_arr, 0) <> coalesce(products.product_arr, 0)
union all
select
    mart.segment_type as whose,
    mart.month,
    month_sums.closing_arr,
    mart.product_arr
from mart
left outer join month_sums
    on mart.month = month_sums.month
where mart.product_arr is distinct from month_sums.closing_arr
