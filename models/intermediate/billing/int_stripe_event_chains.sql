-- Grain: one row per event of a Stripe subscription in a second whose events are one chain.
-- Each found all that the one before it left, and the first what was there before the second. Of
-- several such chains the one that was delivered first. An event that changes nothing comes after
-- the last one that left what it has. A second of more than 8 changes is not looked through.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with recursive states as (
    select
        event_id,
        subscription_id,
        created_at,
        lpad(cast(delivery_number as varchar), 4, '0') as delivery,
        found_state,
        left_state,
        opening_state
    from {{ ref('int_stripe_tied_events') }}
    where kind = 2
),

changes as (
    select
        *,
        count(*) over (partition by subscription_id, created_at) as changes
    from states
    where found_state <> left_state
    qualify count(*) over (partition by subscription_id, created_at) <= 8
),

paths as (
    select
        subscription_id,
        created_at,
        changes,
        left_state,
        1 as length,
        delivery as route,
        '|' || event_id || '|' as path
    from changes
    where found_state = coalesce(opening_state, found_state)
    union all
    select
        changes.subscription_id,
        changes.created_at,
        changes.changes,
        changes.left_state,
        paths.length + 1 as length,
        paths.route || changes.delivery as route,
        paths.path || changes.event_id || '|' as path
    from paths
    inner join changes
        on
            paths.subscription_id = changes.subscription_id
            and paths.created_at = changes.created_at
            and paths.left_state = changes.found_state
    where position('|' || changes.event_id || '|' in paths.path) = 0
),

chains as (
    select
        subscription_id,
        created_at,
        path
    from paths
    where length = changes
    qualify row_number() over (partition by subscription_id, created_at order by route) = 1
),

placed as (
    select
        states.*,
        left(
            chains.path, position('|' || states.event_id || '|' in chains.path)
        ) as path_before
    from states
    inner join chains
        on
            states.subscription_id = chains.subscription_id
            and states.created_at = chains.created_at
),

-- A bar stands before each event of the path; before what changes nothing there is none.
counted as (
    select
        *,
        2 * (length(path_before) - length(replace(path_before, '|', ''))) as place
    from placed
),

final as (
    select
        event_id,
        cast(
            case
                when place > 0 then place
                else 1 + max(place) over (partition by subscription_id, created_at, left_state)
            end as bigint
        ) as place_in_chain
    from counted
)

select * from final
