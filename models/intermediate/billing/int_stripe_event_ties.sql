-- Grain: one row per event of a Stripe subscription that shares its second with another: its place.
-- What the events say decides: a creation is the first and a deletion the last of them; those
-- between are a chain (int_stripe_event_chains). Where they are none, as something changed without
-- a word, an event comes after one that left some attribute as it found it; where these go in a
-- circle, they are walked from the one that found what was there before; then the usual way of a
-- status, then the order of delivery (the API lists the newest first).
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with recursive tied as (
    select
        event_id,
        subscription_id,
        created_at,
        kind,
        delivery_number,
        found,
        left_behind,
        opening
    from {{ ref('int_stripe_tied_events') }}
),

attributes as (
    select {{ each_text(stripe_event_attributes() + ['latest_invoice']) }} as attribute
),

told as (
    select
        tied.event_id,
        tied.subscription_id,
        tied.created_at,
        attributes.attribute,
        {{ json_member('tied.found', 'attributes.attribute') }} as found,
        {{ json_member('tied.left_behind', 'attributes.attribute') }} as left_behind,
        {{ json_member('tied.opening', 'attributes.attribute') }} as opening
    from tied
    cross join attributes
    where tied.kind = 2
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
                chains.place_in_chain,
                coalesce(predecessors.earlier_events, 0),
                coalesce(distances.steps_from_opening, 99),
                case when changes.event_id is null then 0 else 1 end,
                {{ stripe_status_rank(json_text('tied.left_behind', '$.status')) }},
                tied.delivery_number
        ) as place_in_second
    from tied
    left outer join {{ ref('int_stripe_event_chains') }} as chains
        on tied.event_id = chains.event_id
    left outer join predecessors
        on tied.event_id = predecessors.event_id
    left outer join distances
        on tied.event_id = distances.event_id
    left outer join changes
        on tied.event_id = changes.event_id
)

select * from final
