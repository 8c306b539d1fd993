-- Grain: one row per Stripe subscription with events and load that brought a version of it.
-- The object beside the last event before that load. They differ when an event was not delivered
-- (the object is newer) or when the object was fetched before it (the event is newer): who has
-- ended, who is in a later period, and whether the object is as it was before the event, tell it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{% set compared = ['status', 'customer_id', 'is_paused', 'items_text'] %}

with versions as (
    select
        subscription_id,
        load_id,
        {{ loaded_at('load_id') }} as loaded_at,
        customer_id,
        status,
        is_paused,
        items,
        discount,
        discounts,
        -- Whether the export has discounts: an object without any has none then.
        bool_or(coalesce(discount, discounts) is not null) over () as has_discounts,
        cast(current_period_start_at as date) as term_start
    from {{ ref('stg_stripe__subscription_versions') }}
),

events as (
    select
        event_id,
        subscription_id,
        created_at,
        load_id,
        event_number,
        customer_id,
        status,
        is_paused,
        items,
        discount_ids,
        found_discount_ids,
        term_start,
        trial_end_at,
        found
    from {{ ref('int_stripe_subscription_events') }}
),

paired as (
    select
        versions.*,
        events.event_id,
        events.created_at as event_at,
        events.event_number,
        events.status as event_status,
        events.customer_id as event_customer_id,
        events.is_paused as event_is_paused,
        events.items as event_items,
        events.discount_ids as event_discount_ids,
        events.found_discount_ids as before_discount_ids,
        events.term_start as event_term_start,
        events.trial_end_at as event_trial_end_at,
        events.found as before_event
    from versions
    inner join events
        on
            versions.subscription_id = events.subscription_id
            and (
                versions.loaded_at > events.created_at
                or versions.load_id >= events.load_id
            )
    qualify
        row_number() over (
            partition by versions.subscription_id, versions.load_id
            order by events.event_number desc
        ) = 1
),

read as (
    select
        *,
        {{ stripe_items_text('items') }} as items_text,
        {{ stripe_items_text('event_items') }} as event_items_text,
        {{ json_text('before_event', '$.status') }} as before_status,
        {{ stripe_id(json_text('before_event', '$.customer')) }} as before_customer_id,
        {{ json_text('before_event', '$.pause_collection') }} is not null as before_is_paused,
        {{ stripe_items_text(json_text('before_event', '$.items')) }} as before_items_text,
        case
            when has_discounts
                then {{ stripe_discount_ids('discount', 'discounts', 'items') }}
        end as discount_ids
    from paired
),

judged as (
    select
        *,
        {{ is_over('status') }} as is_over,
        {{ is_over('event_status') }} as is_event_over,
        (
            {%- for column in compared %}
            {{ 'and ' if not loop.first }}{{ column }} is not distinct from before_{{ column }}
            {%- endfor %}
            and coalesce(discount_ids = before_discount_ids, true)
        ) as is_as_before_event,
        coalesce(
            status is distinct from event_status
            or (
                not {{ is_over('status') }}
                and (
                    customer_id <> event_customer_id
                    or is_paused <> event_is_paused
                    or items_text <> event_items_text
                    or discount_ids <> event_discount_ids
                )
            ),
            false
        ) as is_different
    from read
),

final as (
    select
        subscription_id,
        load_id,
        event_id,
        event_number,
        event_at,
        event_status,
        event_trial_end_at,
        status,
        event_discount_ids,
        discount_ids,
        -- Which of the two is newer; null where they agree.
        case
            when not is_different then null
            when is_event_over then 'event'
            when is_over then 'object'
            when term_start > event_term_start then 'object'
            when term_start < event_term_start or is_as_before_event then 'event'
            else 'object'
        end as newer,
        -- But for discounts, which may have run out; null where nothing else differs.
        case
            when is_different
                then nullif(concat_ws(
                    ', ',
                    case
                        when status is distinct from event_status
                            then concat('status ', coalesce(event_status, '?'), ' -> ', status)
                    end,
                    case
                        when customer_id <> event_customer_id
                            then concat('customer ', event_customer_id, ' -> ', customer_id)
                    end,
                    case
                        when is_paused <> event_is_paused
                            then case when is_paused then 'paused' else 'resumed' end
                    end,
                    case
                        when items_text <> event_items_text
                            then concat('items ', event_items_text, ' -> ', items_text)
                    end
                ), '')
        end as difference
    from judged
)

select * from final
