-- Grain: one row per event of a Stripe subscription that shares its second with another: its place.
-- What the events say decides: a creation is the first and a deletion the last of them; an event
-- comes after the one that left what it found (previous_attributes); where these go in a circle
-- (seats up and down again), they are walked from the one that found what was there before; then
-- the usual way of a status, then the order of delivery (the API lists the newest first).
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{% set attributes = [
    'status', 'customer', 'items.data', 'quantity', 'plan.id', 'cancel_at',
    'cancel_at_period_end', 'canceled_at', 'ended_at', 'trial_end', 'current_period_start',
    'current_period_end', 'pause_collection.behavior', 'pause_collection.resumes_at',
    'discount.id', 'discounts', 'cancellation_details.reason', 'latest_invoice',
] %}

with recursive events as (
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
        *,
        {{ json_merged('subscription', "coalesce(previous_attributes, '{}')") }} as found,
        case event_type
            when 'customer.subscription.created' then 1
            when 'customer.subscription.deleted' then 3
            else 2
        end as kind,
        corr(
            source_line, {{ dbt.datediff("cast('1970-01-01' as date)", 'created_at', 'second') }}
        ) over (partition by load_id, source_file) < 0 as is_newest_first
    from events
    qualify count(*) over (partition by subscription_id, created_at) > 1
),

-- What was there before the second: its creation, else the last event before it.
openings as (
    select
        tied.subscription_id,
        tied.created_at,
        events.subscription
    from tied
    inner join events
        on
            tied.subscription_id = events.subscription_id
            and (
                tied.created_at > events.created_at
                or (
                    tied.created_at = events.created_at
                    and events.event_type = 'customer.subscription.created'
                )
            )
    qualify
        row_number() over (
            partition by tied.subscription_id, tied.created_at
            order by events.created_at desc, events.event_id asc
        ) = 1
),

objects as (
    select
        tied.event_id,
        tied.subscription_id,
        tied.created_at,
        tied.found,
        tied.subscription as left_behind,
        openings.subscription as opening
    from tied
    left outer join openings
        on
            tied.subscription_id = openings.subscription_id
            and tied.created_at = openings.created_at
    where tied.kind = 2
),

told as (
    {%- for attribute in attributes %}
    select
        event_id,
        subscription_id,
        created_at,
        '{{ attribute }}' as attribute,
        {{ json_text('found', '$.' ~ attribute) }} as found,
        {{ json_text('left_behind', '$.' ~ attribute) }} as left_behind,
        {{ json_text('opening', '$.' ~ attribute) }} as opening
    from objects
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

steps as (
    select distinct
        earlier.event_id,
        later.event_id as later_event_id
    from told as earlier
    inner join told as later
        on
            earlier.subscription_id = later.subscription_id
            and earlier.created_at = later.created_at
            and earlier.attribute = later.attribute
            and earlier.event_id <> later.event_id
    where
        earlier.left_behind is not distinct from later.found
        and (
            earlier.found is distinct from earlier.left_behind
            or later.found is distinct from later.left_behind
        )
),

followers as (
    select
        event_id,
        later_event_id
    from steps
    union
    select
        followers.event_id,
        steps.later_event_id
    from followers
    inner join steps
        on followers.later_event_id = steps.event_id
),

predecessors as (
    select
        later_event_id as event_id,
        count(distinct event_id) as earlier_events
    from followers
    where event_id <> later_event_id
    group by later_event_id
),

changes as (
    select
        event_id,
        bool_and(found is not distinct from opening) as is_first
    from told
    where found is distinct from left_behind
    group by event_id
),

-- In a circle it goes on until the bound: no second has so many events.
walk as (
    select
        event_id,
        0 as steps_from_opening
    from changes
    where is_first
    union
    select
        steps.later_event_id as event_id,
        walk.steps_from_opening + 1 as steps_from_opening
    from walk
    inner join steps
        on walk.event_id = steps.event_id
    where walk.steps_from_opening < 20
),

distances as (
    select
        event_id,
        min(steps_from_opening) as steps_from_opening
    from walk
    group by event_id
),

final as (
    select
        tied.event_id,
        row_number() over (
            partition by tied.subscription_id, tied.created_at
            order by
                tied.kind,
                coalesce(predecessors.earlier_events, 0),
                coalesce(distances.steps_from_opening, 99),
                case when changes.event_id is null then 0 else 1 end,
                {{ stripe_status_rank(json_text('tied.subscription', '$.status')) }},
                tied.load_id,
                case when tied.is_newest_first then -tied.source_line else tied.source_line end,
                tied.event_id
        ) as place_in_second
    from tied
    left outer join predecessors
        on tied.event_id = predecessors.event_id
    left outer join distances
        on tied.event_id = distances.event_id
    left outer join changes
        on tied.event_id = changes.event_id
)

select * from final
