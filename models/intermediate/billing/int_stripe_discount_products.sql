-- Grain: one row per Stripe discount and product that its coupon is limited to.
-- Only what an export was expanded with (applies_to); a discount without rows is of all products.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with mentions as (
    select
        coupon_id,
        discount_id,
        products
    from {{ ref('int_stripe_discount_mentions') }}
    where coalesce(products, '[]') not in ('null', '[]')
),

told as (
    select
        discount_id,
        coupon_id
    from {{ ref('int_stripe_told_discounts') }}
),

limits as (
    select distinct
        coupon_id,
        discount_id,
        products
    from mentions
),

listed as (
    select
        told.discount_id,
        limits.products,
        {{ json_places('limits.products') }} as place
    from told
    inner join limits
        on told.discount_id = limits.discount_id or told.coupon_id = limits.coupon_id
),

final as (
    select distinct
        discount_id,
        {{ json_text_at('products', "'$[' || cast(place as varchar) || ']'") }} as product_id
    from listed
)

select * from final
