-- Grain: one row per place where a Stripe object names a discount, with what it says of it.
-- All JSON of discounts is read here, once. A list has ids where the export did not expand it
-- (events never do), and from API version 2025-09-30 on the coupon of a discount is an id as well.
-- Discounts of old API versions have no id: coupon, owner and start stand for it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with lists as (
    select
        holder,
        holder_key,
        subscription_id,
        customer_id,
        seen_at,
        subscription_item_id,
        discount,
        discounts
    from {{ ref('int_stripe_discount_lists') }}
),

places as (
    select
        *,
        {{ json_places('discounts') }} as place
    from lists
    where discounts not in ('null', '[]')
),

elements as (
    select
        holder,
        holder_key,
        subscription_id,
        customer_id,
        seen_at,
        subscription_item_id,
        'discounts' as list_name,
        place,
        {{ json_text_at('discounts', "'$[' || cast(place as varchar) || ']'") }} as element
    from places
    union all
    select
        holder,
        holder_key,
        subscription_id,
        customer_id,
        seen_at,
        subscription_item_id,
        'discount' as list_name,
        0 as place,
        discount as element
    from lists
    where discount <> 'null'
),

objects as (
    select
        *,
        {{ json_object('element') }} as discount,
        coalesce(
            {{ json_text(json_object('element'), '$.source.coupon') }},
            {{ json_text(json_object('element'), '$.coupon') }}
        ) as coupon_text
    from elements
),

coupons as (
    select
        *,
        {{ json_object('coupon_text') }} as coupon
    from objects
),

parsed as (
    select
        holder,
        holder_key,
        subscription_id,
        customer_id,
        seen_at,
        subscription_item_id,
        list_name,
        place,
        element,
        discount,
        {{ json_text('discount', '$.id') }} as own_id,
        case when coupon is null then coupon_text else {{ json_text('coupon', '$.id') }} end
            as coupon_id,
        coalesce(subscription_item_id, {{ json_text('discount', '$.subscription_item') }})
            as of_item_id,
        {{ json_text('discount', '$.subscription') }} as of_subscription_id,
        {{ json_text('discount', '$.customer') }} as of_customer_id,
        coalesce(
            {{ json_text('discount', '$.invoice') }}, {{ json_text('discount', '$.invoice_item') }}
        ) as of_invoice_id,
        {{ json_unix_time('discount', '$.start') }} as starts_at,
        {{ json_unix_time('discount', '$.end') }} as ends_at,
        {{ json_text('coupon', '$.duration') }} as duration,
        try_cast({{ json_text('coupon', '$.duration_in_months') }} as integer)
            as duration_in_months,
        -- Before 2018-07-27 percent_off was a whole number.
        coalesce(
            try_cast({{ json_text('coupon', '$.percent_off_precise') }} as decimal(9, 4)),
            try_cast({{ json_text('coupon', '$.percent_off') }} as decimal(9, 4))
        ) as percent_off,
        try_cast({{ json_text('coupon', '$.amount_off') }} as decimal(18, 0))
            as amount_off_minor,
        upper({{ json_text('coupon', '$.currency') }}) as currency,
        {{ json_text('coupon', '$.currency_options') }} as currency_options,
        {{ json_text('coupon', '$.applies_to.products') }} as products
    from coupons
),

final as (
    select
        {{ each_column([
            'holder', 'holder_key', 'subscription_id', 'customer_id', 'seen_at',
            'subscription_item_id', 'list_name', 'place', 'coupon_id', 'of_item_id',
            'of_customer_id', 'of_subscription_id', 'of_invoice_id', 'starts_at', 'ends_at', 'duration',
            'duration_in_months', 'percent_off', 'amount_off_minor', 'currency',
            'currency_options', 'products',
        ], '@') }},
        case
            when discount is null then element
            else coalesce(
                own_id,
                concat_ws(
                    ':',
                    coupon_id,
                    coalesce(of_subscription_id, subscription_id, of_customer_id, customer_id),
                    cast(starts_at as varchar)
                )
            )
        end as discount_id
    from parsed
)

select * from final
