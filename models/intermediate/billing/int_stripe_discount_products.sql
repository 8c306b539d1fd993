-- Grain: one row per Stripe discount and product that its coupon is limited to.
-- A discount without rows is of all products. What it is limited to (applies_to) is only told where
-- an export was expanded; else bills tell: when one for a whole period has the discount on some of
-- its lines, and never on those of another product, it is of the products that have it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with mentions as (
    select
        coupon_id,
        discount_id,
        products
    from {{ ref('int_stripe_discount_mentions') }}
    where products not in ('null', '[]')
),

coupons as (
    select
        coupon_id,
        products
    from {{ ref('stg_stripe__coupons') }}
    where products not in ('null', '[]')
),

discounts as (
    select
        discount_id,
        coupon_id,
        subscription_item_id
    from {{ ref('int_stripe_told_discounts') }}
),

whole_periods as (
    select
        invoice_id,
        line_item_id,
        product_id
    from {{ ref('int_stripe_recurring_lines') }}
    where
        is_whole_period
        and amount > 0
        and product_id is not null
),

line_discounts as (
    select
        invoice_id,
        line_item_id,
        discount_id
    from {{ ref('stg_stripe__invoice_line_discounts') }}
    where discount_id is not null
),

limits as (
    select
        discount_id,
        products
    from mentions
    union
    select
        discounts.discount_id,
        mentions.products
    from discounts
    inner join mentions
        on discounts.coupon_id = mentions.coupon_id
    union
    select
        discounts.discount_id,
        coupons.products
    from discounts
    inner join coupons
        on discounts.coupon_id = coupons.coupon_id
),

places as (
    select
        discount_id,
        products,
        {{ json_places('products') }} as place
    from limits
),

told as (
    select
        discount_id,
        {{ json_text_at('products', "'$[' || cast(place as varchar) || ']'") }} as product_id
    from places
),

bills as (
    select distinct
        invoice_id,
        discount_id
    from line_discounts
),

-- The products of the bills that have the discount, and whether a line of theirs has it.
billed as (
    select
        bills.discount_id,
        whole_periods.product_id,
        bool_or(line_discounts.discount_id is not null) as has_discount
    from bills
    inner join whole_periods
        on bills.invoice_id = whole_periods.invoice_id
    left outer join line_discounts
        on
            whole_periods.invoice_id = line_discounts.invoice_id
            and whole_periods.line_item_id = line_discounts.line_item_id
            and bills.discount_id = line_discounts.discount_id
    group by
        bills.discount_id,
        whole_periods.product_id
),

limited as (
    select billed.discount_id
    from billed
    left outer join told
        on billed.discount_id = told.discount_id
    left outer join discounts
        on
            billed.discount_id = discounts.discount_id
            and discounts.subscription_item_id is not null
    where
        told.discount_id is null
        and discounts.discount_id is null
    group by billed.discount_id
    having
        bool_or(billed.has_discount)
        and not bool_and(billed.has_discount)
),

final as (
    select
        discount_id,
        product_id
    from told
    union
    select
        billed.discount_id,
        billed.product_id
    from billed
    inner join limited
        on billed.discount_id = limited.discount_id
    where billed.has_discount
)

select * from final
