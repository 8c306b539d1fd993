-- Grain: one row per recurring Stripe price.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with prices as (
    select
        price_id,
        price_name,
        product_id,
        price_type
    from {{ ref('stg_stripe__prices') }}
),

final as (
    select
        price_id as plan_id,
        coalesce(price_name, price_id) as plan_name,
        product_id
    from prices
    where price_type = 'recurring'
)

select * from final
