-- Grain: one row per source system and ticket: when it was answered and solved.
-- First response: the first public comment of an agent. Solved: each step from an unsolved status
-- to solved (or straight to closed, unless a merge closed it). A ticket without events of a kind
-- takes the times that the ticket itself gives.
with tickets as (
    select
        source_system,
        ticket_id,
        created_at,
        is_merged,
        first_response_at,
        solved_at
    from {{ ref('int_support_tickets') }}
),

events as (
    select
        source_system,
        ticket_id,
        occurred_at,
        field_name,
        field_value,
        actor_role
    from {{ ref('int_support_ticket_events') }}
),

responses as (
    select
        tickets.source_system,
        tickets.ticket_id,
        min(events.occurred_at) as first_response_at
    from tickets
    inner join events
        on
            tickets.source_system = events.source_system
            and tickets.ticket_id = events.ticket_id
            and tickets.created_at <= events.occurred_at
    where events.field_name = 'public_comment' and events.actor_role = 'agent'
    group by
        tickets.source_system,
        tickets.ticket_id
),

statuses as (
    select
        source_system,
        ticket_id,
        occurred_at,
        field_value as status,
        coalesce(
            lag(field_value) over (
                partition by source_system, ticket_id
                order by occurred_at
            ),
            'new'
        ) as previous_status
    from events
    where field_name = 'status'
),

steps as (
    select
        source_system,
        ticket_id,
        occurred_at,
        status,
        (status in ('solved', 'closed') and previous_status not in ('solved', 'closed'))
            as is_solving,
        (
            status not in ('solved', 'closed', 'deleted')
            and previous_status in ('solved', 'closed')
        ) as is_reopening
    from statuses
),

solutions as (
    select
        tickets.source_system,
        tickets.ticket_id,
        min(
            case
                when steps.is_solving and (steps.status = 'solved' or not tickets.is_merged)
                    then steps.occurred_at
            end
        ) as first_solved_at,
        max(
            case
                when steps.is_solving and (steps.status = 'solved' or not tickets.is_merged)
                    then steps.occurred_at
            end
        ) as last_solved_at,
        min(case when steps.is_solving then steps.occurred_at end) as first_ended_at,
        sum(case when steps.is_reopening then 1 else 0 end) as reopens
    from tickets
    inner join steps
        on
            tickets.source_system = steps.source_system
            and tickets.ticket_id = steps.ticket_id
    group by
        tickets.source_system,
        tickets.ticket_id
),

final as (
    select
        tickets.source_system,
        tickets.ticket_id,
        coalesce(responses.first_response_at, tickets.first_response_at) as first_response_at,
        case
            when solutions.ticket_id is null then tickets.solved_at
            else solutions.first_solved_at
        end as first_solved_at,
        case
            when solutions.ticket_id is null then tickets.solved_at
            else solutions.last_solved_at
        end as last_solved_at,
        case
            when solutions.ticket_id is null then tickets.solved_at
            else solutions.first_ended_at
        end as first_ended_at,
        coalesce(solutions.reopens, 0) as reopens
    from tickets
    left outer join responses
        on
            tickets.source_system = responses.source_system
            and tickets.ticket_id = responses.ticket_id
    left outer join solutions
        on
            tickets.source_system = solutions.source_system
            and tickets.ticket_id = solutions.ticket_id
)

select * from final
