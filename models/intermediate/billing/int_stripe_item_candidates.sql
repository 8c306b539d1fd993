-- Grain: one row per Stripe item with its price, currency and quantity (term_key), and price object
-- that may say what it costs; one row without an object where there is none. The place is the order
-- in which they are believed: what the item says of its price, the list of prices, any other place.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with asked as (
    select distinct
        term_key,
        price_id,
        price_key,
        currency,
        quantity,
        item_usage_type
    from {{ ref('int_stripe_state_items') }}
),

objects as (
    select
        price_key,
        price_id,
        is_listed,
        product_id,
        currency,
        billing_scheme,
        tiers_mode,
        divide_by,
        divided_round,
        billing_interval,
        interval_count,
        usage_type
    from {{ ref('int_stripe_price_objects') }}
),

final as (
    select
        asked.term_key,
        asked.quantity,
        asked.item_usage_type,
        -- A subscription of an old API version does not say its currency; its price does.
        coalesce(asked.currency, objects.currency) as currency,
        objects.price_key,
        row_number() over (
            partition by asked.term_key
            order by
                case when objects.price_key = asked.price_key then 0 else 1 end,
                case when objects.is_listed then 0 else 1 end,
                objects.price_key
        ) as place,
        objects.product_id,
        objects.billing_scheme,
        objects.tiers_mode,
        objects.divide_by,
        objects.divided_round,
        objects.billing_interval,
        objects.interval_count,
        objects.usage_type
    from asked
    left outer join objects
        on asked.price_id = objects.price_id
)

select * from final
