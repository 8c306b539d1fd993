-- Grain: one row per Stripe price of which something tells whether it is licensed or metered.
-- The list of prices says it, or an item that has the price in full; what was sold before usage
-- was metered does not say so and is licensed. Of a price that is only an id, an item with a
-- quantity says that it is licensed: what is metered has none. Nothing else is licensed unseen.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with prices as (
    select
        price_id,
        usage_type
    from {{ ref('stg_stripe__prices') }}
    where price_type = 'recurring'
),

items as (
    select
        price_id,
        price,
        quantity
    from {{ ref('int_stripe_listed_items') }}
    where price_id is not null
),

told as (
    select
        price_id,
        1 as place,
        coalesce(usage_type, 'licensed') as usage_type
    from prices
    union all
    select
        price_id,
        case when price is null then 3 else 2 end as place,
        coalesce(
            {{ json_text('price', '$.recurring.usage_type') }},
            {{ json_text('price', '$.usage_type') }},
            case when price is not null or quantity is not null then 'licensed' end
        ) as usage_type
    from items
),

final as (
    select
        price_id,
        min_by(usage_type, place) as usage_type
    from told
    where usage_type is not null
    group by price_id
)

select * from final
