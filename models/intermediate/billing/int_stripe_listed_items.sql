-- Grain: one row per Stripe subscription, place that tells a state of it, and item listed there.
-- Places are events, loads of the object, and the gap before the first of them (the state that the
-- first event changed). A list may be cut at a page: it then has more items than are listed.
-- Before items were listed (API versions to 2016) a subscription had one plan and one quantity.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with events as (
    select
        event_id,
        subscription_id,
        created_at,
        subscription
    from {{ ref('stg_stripe__subscription_events') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

versions as (
    select
        subscription_id,
        load_id,
        seen_on,
        currency,
        items,
        started_at,
        trial_end_at
    from {{ ref('stg_stripe__subscription_versions') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

gaps as (
    select
        subscription_id,
        currency,
        items,
        started_on,
        told_from,
        trial_to
    from {{ ref('int_stripe_event_gaps') }}
),

lists as (
    select
        subscription_id,
        'event' as state_source,
        event_id as state_key,
        cast(created_at as date) as told_on,
        cast({{ json_unix_time('subscription', '$.start_date') }} as date) as started_on,
        cast({{ json_unix_time('subscription', '$.trial_end') }} as date) as trial_to,
        upper({{ json_text('subscription', '$.currency') }}) as currency,
        {{ json_text('subscription', '$.items') }} as items,
        {{ json_text('subscription', '$.plan') }} as plan,
        {{ json_text('subscription', '$.quantity') }} as quantity
    from events
    union all
    select
        subscription_id,
        'load' as state_source,
        load_id as state_key,
        coalesce(seen_on, {{ as_of_date() }}) as told_on,
        cast(started_at as date) as started_on,
        cast(trial_end_at as date) as trial_to,
        currency,
        items,
        null as plan,
        null as quantity
    from versions
    union all
    select
        subscription_id,
        'gap' as state_source,
        cast(told_from as varchar) as state_key,
        told_from as told_on,
        started_on,
        trial_to,
        currency,
        items,
        null as plan,
        null as quantity
    from gaps
),

elements as (
    select
        lists.*,
        {{ json_elements('items', '$.data') }} as item
    from lists
),

parsed as (
    select
        subscription_id,
        state_source,
        state_key,
        told_on,
        started_on,
        trial_to,
        currency,
        {{ json_text('items', '$.has_more') }} = 'true' as has_more,
        cast({{ json_text('items', '$.total_count') }} as integer) as total_items,
        {{ json_text('item', '$.id') }} as subscription_item_id,
        coalesce({{ json_text('item', '$.price') }}, {{ json_text('item', '$.plan') }}) as price,
        {{ json_text('item', '$.quantity') }} as quantity_text
    from elements
    union all
    select
        subscription_id,
        state_source,
        state_key,
        told_on,
        started_on,
        trial_to,
        currency,
        false as has_more,
        1 as total_items,
        subscription_id as subscription_item_id,
        plan as price,
        quantity as quantity_text
    from lists
    where
        items is null
        and plan is not null
),

final as (
    select
        subscription_id,
        state_source,
        state_key,
        told_on,
        started_on,
        trial_to,
        currency,
        count(*) over (partition by subscription_id, state_source, state_key) as listed_items,
        total_items,
        coalesce(has_more, false)
        or coalesce(
            total_items > count(*) over (partition by subscription_id, state_source, state_key),
            false
        ) as is_cut,
        subscription_item_id,
        coalesce({{ json_text(json_object('price'), '$.id') }}, price) as price_id,
        {{ price_key('price') }} as price_key,
        {{ json_object('price') }} as price,
        {{ dbt.safe_cast('quantity_text', 'decimal(18, 4)') }} as quantity
    from parsed
)

select * from final
