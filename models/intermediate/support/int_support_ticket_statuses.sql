-- Grain: one row per source system, ticket and step of its status, as the source tells it.
-- By the history of statuses; without one by the status that the ticket has today, then by its
-- dates. What the history leaves out of a deletion or a restoration, the row of the ticket tells.
with records as (
    select
        source_system,
        ticket_id,
        created_at,
        updated_at,
        solved_at,
        status,
        case
            when status in ('solved', 'closed', 'merged') then 'ended'
            when status in ('deleted', 'unknown') then status
            else 'open'
        end as state
    from {{ ref('int_support_ticket_records') }}
),

statuses as (
    select
        source_system,
        ticket_id,
        occurred_at,
        field_value as status,
        event_number
    from {{ ref('int_support_ticket_events') }}
    where field_name = 'status'
),

histories as (
    select
        source_system,
        ticket_id,
        max(event_number) as last_number,
        max(occurred_at) as last_at,
        max_by(status, event_number) as last_status
    from statuses
    group by
        source_system,
        ticket_id
),

known as (
    select
        records.source_system,
        records.ticket_id,
        records.created_at,
        records.solved_at,
        records.status,
        records.state,
        histories.last_status,
        coalesce(histories.last_number, 1) + 1 as next_number,
        histories.ticket_id is not null as has_history,
        coalesce(cast(records.updated_at as date) <= {{ as_of_date() }}, true) as is_of_today,
        greatest(
            coalesce(records.updated_at, histories.last_at, records.created_at),
            coalesce(histories.last_at, records.created_at)
        ) as changed_at,
        coalesce(records.updated_at > histories.last_at, true) as is_newer
    from records
    left outer join histories
        on
            records.source_system = histories.source_system
            and records.ticket_id = histories.ticket_id
),

final as (
    select
        source_system,
        ticket_id,
        0 as step_number,
        created_at as occurred_at,
        case
            when has_history then 'new'
            when state = 'open' then status
            when state <> 'ended' then 'unknown'
            when cast(solved_at as date) > {{ as_of_date() }} then 'open'
            when solved_at is not null then 'new'
            when is_of_today then status
            else 'unknown'
        end as status
    from known
    union all
    select
        source_system,
        ticket_id,
        event_number as step_number,
        occurred_at,
        status
    from statuses
    union all
    select
        source_system,
        ticket_id,
        1 as step_number,
        solved_at as occurred_at,
        status
    from known
    where
        not has_history
        and state = 'ended'
        and cast(solved_at as date) <= {{ as_of_date() }}
    union all
    -- A deletion, and a restoration, that the history does not tell.
    select
        source_system,
        ticket_id,
        next_number as step_number,
        changed_at as occurred_at,
        status
    from known
    where
        is_of_today
        and (
            (state = 'deleted' and coalesce(last_status, '') <> 'deleted')
            or (state <> 'deleted' and last_status = 'deleted' and is_newer)
        )
)

select * from final
