-- Grain: one row per Stripe subscription and discount that a list of it names.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with events as (
    select
        subscription_id,
        created_at,
        subscription
    from {{ ref('stg_stripe__subscription_events') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

versions as (
    select
        subscription_id,
        cast(seen_on as timestamp) as seen_at,
        discounts,
        items
    from {{ ref('stg_stripe__subscription_versions') }}
),

subscriptions as (
    select
        subscription_id,
        created_at as seen_at,
        {{ json_text('subscription', '$.discounts') }} as discounts,
        {{ json_text('subscription', '$.items') }} as items
    from events
    union all
    select * from versions
),

items as (
    select
        subscription_id,
        seen_at,
        {{ json_elements('items', '$.data') }} as item
    from subscriptions
    where items like '%"discounts"%'
),

lists as (
    select
        subscription_id,
        seen_at,
        discounts
    from subscriptions
    union all
    select
        subscription_id,
        seen_at,
        {{ json_text('item', '$.discounts') }} as discounts
    from items
),

elements as (
    select
        subscription_id,
        seen_at,
        {{ stripe_discounts('discounts') }} as element
    from lists
    where coalesce(discounts, '[]') not in ('null', '[]')
),

named as (
    select
        subscription_id,
        seen_at,
        element,
        {{ json_object('element') }} as discount
    from elements
),

identified as (
    select
        subscription_id,
        seen_at,
        case
            when discount is null then element else {{ json_text('discount', '$.id') }}
        end as discount_id
    from named
),

final as (
    select
        subscription_id,
        discount_id,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at
    from identified
    where discount_id is not null
    group by
        subscription_id,
        discount_id
)

select * from final
