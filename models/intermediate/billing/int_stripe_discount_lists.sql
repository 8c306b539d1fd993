-- Grain: one row per Stripe object and list of discounts that it has, as the object has it.
-- Objects that can have discounts: subscriptions and their items (in events, before an event, in
-- loads, and before the first known event), customers (in loads and events), a discount itself
-- (in events), and invoices with their lines where they say more of a discount than its id.
{{ config(
    materialized='view',
    enabled=source_is_on('billing', 'stripe')
) }}

with subscription_events as (
    select
        event_id,
        subscription_id,
        created_at,
        subscription,
        previous_attributes
    from {{ ref('stg_stripe__subscription_events') }}
),

customer_events as (
    select
        event_id,
        event_type,
        created_at,
        object,
        previous_attributes
    from {{ ref('stg_stripe__customer_events') }}
),

holders as (
    select
        'event' as holder,
        event_id as holder_key,
        subscription_id,
        cast(null as varchar) as customer_id,
        created_at as seen_at,
        {{ json_text('subscription', '$.discount') }} as discount,
        {{ json_text('subscription', '$.discounts') }} as discounts,
        {{ json_text('subscription', '$.items') }} as items
    from subscription_events
    union all
    select
        'event_before' as holder,
        event_id as holder_key,
        subscription_id,
        null as customer_id,
        created_at as seen_at,
        {{ json_text('previous_attributes', '$.discount') }} as discount,
        {{ json_text('previous_attributes', '$.discounts') }} as discounts,
        {{ json_text('previous_attributes', '$.items') }} as items
    from subscription_events
    union all
    select
        'load' as holder,
        load_id as holder_key,
        subscription_id,
        null as customer_id,
        cast(seen_on as timestamp) as seen_at,
        discount,
        discounts,
        items
    from {{ ref('stg_stripe__subscription_versions') }}
    union all
    select
        'invoice' as holder,
        'gap' as holder_key,
        subscription_id,
        null as customer_id,
        null as seen_at,
        discount,
        discounts,
        items
    from {{ ref('int_stripe_event_gaps') }}
    union all
    select
        'customer' as holder,
        load_id as holder_key,
        null as subscription_id,
        customer_id,
        cast({{ dbt.dateadd('day', 1, 'seen_on') }} as timestamp) as seen_at,
        discount,
        null as discounts,
        null as items
    from {{ ref('stg_stripe__customer_versions') }}
    union all
    select
        case
            when event_type = 'customer.discount.deleted' then 'discount_deleted'
            when starts_with(event_type, 'customer.discount.') then 'discount'
            else 'customer_event'
        end as holder,
        event_id as holder_key,
        null as subscription_id,
        case
            when starts_with(event_type, 'customer.discount.')
                then {{ json_text('object', '$.customer') }}
            else {{ json_text('object', '$.id') }}
        end as customer_id,
        created_at as seen_at,
        case
            when starts_with(event_type, 'customer.discount.') then object
            else {{ json_text('object', '$.discount') }}
        end as discount,
        null as discounts,
        null as items
    from customer_events
    union all
    select
        'customer_before' as holder,
        event_id as holder_key,
        null as subscription_id,
        {{ json_text('object', '$.id') }} as customer_id,
        created_at as seen_at,
        {{ json_text('previous_attributes', '$.discount') }} as discount,
        null as discounts,
        null as items
    from customer_events
    where event_type = 'customer.updated'
    {%- for relation, key, column, list in [
        ('stg_stripe__invoices', ['invoice_id'], 'null', 'discounts'),
        ('stg_stripe__invoice_line_items', ['invoice_id', 'line_item_id'], 'null', 'discounts'),
        (
            'stg_stripe__invoice_line_discounts',
            ['invoice_id', 'line_item_id', 'cast(place as varchar)'],
            'discount',
            'null',
        ),
    ] %}
    union all
    select
        'bill' as holder,
        {{ key | join(" || ':' || ") }} as holder_key,
        null as subscription_id,
        null as customer_id,
        null as seen_at,
        {{ column }} as discount,
        {{ list }} as discounts,
        null as items
    from {{ ref(relation) }}
    where {{ column if list == 'null' else list }} like '%"coupon"%'
    {%- endfor %}
),

items as (
    select
        *,
        {{ json_elements('items', '$.data') }} as item
    from holders
    where items like '%"discounts"%'
),

named as (
    select
        holder,
        holder_key,
        subscription_id,
        customer_id,
        seen_at,
        cast(null as varchar) as subscription_item_id,
        discount,
        discounts
    from holders
    union all
    select
        holder,
        holder_key,
        subscription_id,
        customer_id,
        seen_at,
        {{ json_text('item', '$.id') }} as subscription_item_id,
        null as discount,
        {{ json_text('item', '$.discounts') }} as discounts
    from items
),

final as (
    select *
    from named
    where discounts not in ('null', '[]') or discount <> 'null'
)

select * from final
