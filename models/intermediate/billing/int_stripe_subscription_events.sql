-- Grain: one row per change of a Stripe subscription: its number, and what it left behind.
-- A creation is the first whatever its time; the others follow by their second, within it by what
-- they say of each other (int_stripe_event_ties).
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with events as (
    select
        event_id,
        subscription_id,
        event_type,
        created_at,
        load_id,
        subscription,
        previous_attributes
    from {{ ref('stg_stripe__subscription_events') }}
),

ties as (
    select
        event_id,
        place_in_second
    from {{ ref('int_stripe_event_ties') }}
),

numbered as (
    select
        events.event_id,
        events.subscription_id,
        events.event_type,
        events.created_at,
        events.load_id,
        row_number() over (
            partition by events.subscription_id
            order by
                events.event_type <> 'customer.subscription.created',
                events.created_at,
                ties.place_in_second
        ) as event_number,
        events.subscription,
        events.previous_attributes,
        {{ stripe_subscription('events.subscription') }},
        {{ stripe_ending('events.subscription') }},
        -- Null of an event that does not say what it found.
        {{ json_merged('events.subscription', 'events.previous_attributes') }} as found
    from events
    left outer join ties
        on events.event_id = ties.event_id
),

final as (
    select
        *,
        {{ stripe_discount_ids('discount', 'discounts', 'items') }} as discount_ids,
        case
            when found is not null
                then {{ stripe_discount_ids(
                    json_text('found', '$.discount'), json_text('found', '$.discounts'),
                    json_text('found', '$.items')
                ) }}
        end as found_discount_ids
    from numbered
)

select * from final
