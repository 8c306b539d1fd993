-- Grain: one row per source system and ticket: when it was answered and solved.
-- First response: the first public comment of an agent. Solved: each step from unsolved to solved
-- or closed, unless a merge closed it or nobody knows when. The last solution is none while the
-- ticket is not known to be solved. A ticket without a history of its status takes the solve time
-- that it gives itself; with one, although it is open, it was opened again at some time.
with tickets as (
    select
        source_system,
        ticket_id,
        created_at,
        is_open,
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
        actor_role
    from {{ ref('int_support_ticket_events') }}
),

heard as (
    select
        tickets.source_system,
        tickets.ticket_id,
        min(
            case
                when
                    events.field_name = 'public_comment'
                    and events.actor_role = 'agent'
                    and events.occurred_at >= tickets.created_at
                    then events.occurred_at
            end
        ) as first_response_at,
        max(case when events.field_name = 'status' then 1 else 0 end) as has_history
    from tickets
    inner join events
        on
            tickets.source_system = events.source_system
            and tickets.ticket_id = events.ticket_id
    group by
        tickets.source_system,
        tickets.ticket_id
),

solutions as (
    select
        source_system,
        ticket_id,
        min(case when is_ending and is_time_known and not is_merge then occurred_at end)
            as first_solved_at,
        max(case when is_ending and is_time_known and not is_merge then occurred_at end)
            as last_solved_at,
        min(case when is_ending and is_time_known then occurred_at end) as first_ended_at,
        sum(case when is_reopening then 1 else 0 end) as reopens
    from {{ ref('int_support_ticket_steps') }}
    group by
        source_system,
        ticket_id
),

final as (
    select
        tickets.source_system,
        tickets.ticket_id,
        solutions.first_ended_at,
        coalesce(heard.first_response_at, tickets.first_response_at) as first_response_at,
        case
            when coalesce(heard.has_history, 0) = 1 then solutions.first_solved_at
            else coalesce(solutions.first_solved_at, tickets.solved_at)
        end as first_solved_at,
        case when not tickets.is_open then solutions.last_solved_at end as last_solved_at,
        case
            when
                coalesce(heard.has_history, 0) = 0
                and tickets.is_open
                and tickets.solved_at is not null
                then 1
            else solutions.reopens
        end as reopens
    from tickets
    inner join solutions
        on
            tickets.source_system = solutions.source_system
            and tickets.ticket_id = solutions.ticket_id
    left outer join heard
        on
            tickets.source_system = heard.source_system
            and tickets.ticket_id = heard.ticket_id
)

select * from final
