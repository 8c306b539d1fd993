-- New, renewed and additional revenue are the revenue; every cut adds up to the total, and the
-- total is the revenue of mart_billings.
{{ config(meta={'dagster': {'ref': {'name': 'mart_revenue_mix'}}}) }}

with mix as (
    select
        month,
        segment_type,
        sum(revenue) as revenue,
        sum(new_revenue + renewed_revenue + additional_revenue) as parts
    from {{ ref('mart_revenue_mix') }}
    group by
        month,
        segment_type
),

billings as (
    select
        month,
        revenue
    from {{ ref('mart_billings') }}
    where revenue_kind = 'all'
)

select
    mix.month,
    mix.segment_type,
    mix.revenue,
    billings.revenue as revenue_of_billings
from mix
inner join billings
    on mix.month = billings.month
where
    mix.revenue <> mix.parts
    or mix.revenue <> billings.revenue
