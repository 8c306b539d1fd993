-- Grain: one row per Stripe subscription item and day from which a version of it holds.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with states as (
    select
        subscription_id,
        valid_from,
        valid_to,
        customer_id,
        status,
        is_paused,
        paused_until,
        currency,
        items,
        discount,
        discounts,
        term_start,
        known_at
    from {{ ref('int_stripe_subscription_states') }}
    -- A line ends with its subscription; what the object still says of it holds no more.
    where status not in ('canceled', 'incomplete_expired')
),

prices as (
    select
        price_id,
        product_id,
        currency,
        unit_amount,
        billing_interval,
        interval_count,
        usage_type
    from {{ ref('stg_stripe__prices') }}
),

items as (
    select
        subscription_id,
        valid_from,
        valid_to,
        customer_id,
        status,
        is_paused,
        paused_until,
        currency,
        discount,
        discounts,
        term_start,
        known_at,
        {{ json_elements('items', '$.data') }} as item
    from states
),

-- Read once: an item carries its price, in full or by id.
parsed as (
    select
        items.*,
        {{ json_text('item', '$.id') }} as subscription_item_id,
        coalesce(
            {{ json_text('item', '$.price.id') }}, {{ json_text('item', '$.price') }}
        ) as price_id,
        {{ json_text('item', '$.price.product') }} as product_id,
        {{ json_text('item', '$.price.currency') }} as price_currency,
        coalesce(
            {{ json_text('item', '$.price.unit_amount_decimal') }},
            {{ json_text('item', '$.price.unit_amount') }}
        ) as unit_amount_text,
        {{ json_text('item', '$.price.recurring.interval') }} as billing_interval,
        {{ json_text('item', '$.price.recurring.interval_count') }} as interval_count_text,
        {{ json_text('item', '$.price.recurring.usage_type') }} as usage_type,
        cast({{ json_text('item', '$.quantity') }} as decimal(18, 4)) as quantity,
        {{ json_text('item', '$.discounts') }} as item_discounts
    from items
),

final as (
    select
        parsed.subscription_item_id,
        parsed.valid_from,
        parsed.valid_to,
        parsed.subscription_id,
        parsed.customer_id,
        coalesce(parsed.product_id, prices.product_id) as product_id,
        parsed.price_id,
        parsed.quantity,
        coalesce(
            {{ from_minor_units(
                'cast(parsed.unit_amount_text as decimal(18, 6))',
                'coalesce(parsed.price_currency, parsed.currency)'
            ) }},
            prices.unit_amount
        ) as unit_amount,
        upper(coalesce(parsed.price_currency, prices.currency, parsed.currency)) as currency,
        coalesce(parsed.billing_interval, prices.billing_interval) as billing_interval,
        coalesce(
            cast(parsed.interval_count_text as integer), prices.interval_count, 1
        ) as interval_count,
        coalesce(parsed.usage_type, prices.usage_type, 'licensed') as usage_type,
        parsed.status,
        case when parsed.is_paused then parsed.valid_from end as paused_from,
        parsed.paused_until,
        parsed.discount,
        parsed.discounts,
        parsed.item_discounts,
        -- What is billed by the month or less rolls on: it is agreed once.
        case
            when
                {{ intervals_per_year(
                    'coalesce(parsed.billing_interval, prices.billing_interval)'
                ) }} < 12 * coalesce(
                    cast(parsed.interval_count_text as integer), prices.interval_count, 1
                )
                then parsed.term_start
        end as term_start,
        parsed.known_at
    from parsed
    left outer join prices
        on parsed.price_id = prices.price_id
)

select * from final
