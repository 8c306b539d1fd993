-- Grain: one row per event of a Stripe subscription that shares its second with another.
-- What the object was when the event found it, what it left, and what it was before the second:
-- its creation, else the last event before. The states are all that bears on ARR as one text.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with events as (
    select
        event_id,
        subscription_id,
        event_type,
        created_at,
        load_id,
        source_file,
        source_line,
        subscription,
        previous_attributes
    from {{ ref('stg_stripe__subscription_events') }}
),

tied as (
    select
        event_id,
        subscription_id,
        event_type,
        created_at,
        load_id,
        subscription,
        {{ json_merged('subscription', "coalesce(previous_attributes, '{}')") }} as found,
        case
            when
                corr(
                    source_line,
                    {{ dbt.datediff("cast('1970-01-01' as date)", 'created_at', 'second') }}
                ) over (partition by load_id, source_file) < 0
                then -source_line
            else source_line
        end as delivered_line
    from events
    qualify count(*) over (partition by subscription_id, created_at) > 1
),

numbered as (
    select
        *,
        row_number() over (
            partition by subscription_id, created_at
            order by load_id, delivered_line, event_id
        ) as delivery_number,
        {{ stripe_event_state('found') }} as found_state,
        {{ stripe_event_state('subscription') }} as left_state
    from tied
),

-- Those that another one of their second came after.
followed as (
    select earlier.event_id
    from numbered as earlier
    inner join numbered as later
        on
            earlier.subscription_id = later.subscription_id
            and earlier.created_at = later.created_at
            and earlier.event_id <> later.event_id
            and earlier.left_state = later.found_state
            and later.found_state <> later.left_state
),

-- The last event of the second before, which may be shared too.
openings as (
    select
        numbered.subscription_id,
        numbered.created_at,
        events.subscription
    from numbered
    inner join events
        on
            numbered.subscription_id = events.subscription_id
            and (
                numbered.created_at > events.created_at
                or (
                    numbered.created_at = events.created_at
                    and events.event_type = 'customer.subscription.created'
                )
            )
    left outer join followed
        on events.event_id = followed.event_id
    left outer join numbered as shared
        on events.event_id = shared.event_id
    qualify
        row_number() over (
            partition by numbered.subscription_id, numbered.created_at
            order by
                events.created_at desc,
                case when followed.event_id is null then 0 else 1 end asc,
                shared.delivery_number desc
        ) = 1
),

final as (
    select
        numbered.event_id,
        numbered.subscription_id,
        numbered.created_at,
        case numbered.event_type
            when 'customer.subscription.created' then 1
            when 'customer.subscription.deleted' then 3
            else 2
        end as kind,
        numbered.delivery_number,
        numbered.found,
        numbered.subscription as left_behind,
        openings.subscription as opening,
        numbered.found_state,
        numbered.left_state,
        {{ stripe_event_state('openings.subscription') }} as opening_state
    from numbered
    left outer join openings
        on
            numbered.subscription_id = openings.subscription_id
            and numbered.created_at = openings.created_at
)

select * from final
