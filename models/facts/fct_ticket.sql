-- Grain: one row per source system and support ticket that existed at the as-of date.
with tickets as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        status,
        priority,
        channel,
        category,
        is_escalated,
        is_merged,
        satisfaction,
        {{ support_target_minutes('priority') }} as target_minutes,
        (status not in ('solved', 'closed')) as is_open
    from {{ ref('int_support_tickets') }}
),

times as (
    select
        source_system,
        ticket_id,
        first_response_at,
        first_solved_at,
        last_solved_at,
        first_ended_at,
        reopens
    from {{ ref('int_support_ticket_times') }}
),

durations as (
    select
        source_system,
        ticket_id,
        max(case when duration_kind = 'first_response' then calendar_seconds end)
            as first_response_seconds,
        max(case when duration_kind = 'first_response' then business_seconds end)
            as first_response_business_seconds,
        max(case when duration_kind = 'first_resolution' then calendar_seconds end)
            as first_resolution_seconds,
        max(case when duration_kind = 'first_resolution' then business_seconds end)
            as first_resolution_business_seconds,
        max(case when duration_kind = 'full_resolution' then calendar_seconds end)
            as full_resolution_seconds,
        max(case when duration_kind = 'full_resolution' then business_seconds end)
            as full_resolution_business_seconds
    from {{ ref('int_support_ticket_durations') }}
    group by
        source_system,
        ticket_id
),

-- A ticket waits for its first answer until it comes: an open one until the end of the as-of date,
-- one that ended without an answer until it ended.
waits as (
    select
        tickets.source_system,
        tickets.ticket_id,
        {{ dbt.dateadd('minute', 'tickets.target_minutes', 'tickets.created_at') }} as due_at,
        coalesce(
            times.first_response_at,
            case when tickets.is_open then {{ dbt.dateadd('day', 1, as_of_date()) }} end,
            times.first_ended_at
        ) as waited_until
    from tickets
    inner join times
        on
            tickets.source_system = times.source_system
            and tickets.ticket_id = times.ticket_id
),

final as (
    select
        cast(tickets.ticket_id as varchar) as ticket_id,
        cast(tickets.account_id as varchar) as account_id,
        cast(tickets.created_at as timestamp) as created_at,
        cast(tickets.status as varchar) as status,
        cast(tickets.priority as varchar) as priority,
        cast(tickets.channel as varchar) as channel,
        cast(tickets.category as varchar) as category,
        cast(times.first_response_at as timestamp) as first_response_at,
        cast(times.first_solved_at as timestamp) as first_solved_at,
        cast(times.last_solved_at as timestamp) as last_solved_at,
        {{ seconds_to_minutes('durations.first_response_seconds') }} as first_response_minutes,
        {{ seconds_to_minutes('durations.first_response_business_seconds') }}
            as first_response_business_minutes,
        {{ seconds_to_minutes('durations.first_resolution_seconds') }} as first_resolution_minutes,
        {{ seconds_to_minutes('durations.first_resolution_business_seconds') }}
            as first_resolution_business_minutes,
        {{ seconds_to_minutes('durations.full_resolution_seconds') }} as full_resolution_minutes,
        {{ seconds_to_minutes('durations.full_resolution_business_seconds') }}
            as full_resolution_business_minutes,
        cast(times.reopens as bigint) as reopens,
        tickets.is_escalated,
        cast(tickets.target_minutes as bigint) as target_minutes,
        cast(tickets.satisfaction as varchar) as satisfaction,
        tickets.is_merged,
        cast(tickets.source_system as varchar) as source_system,
        tickets.is_open,
        (not tickets.is_merged and coalesce(waits.waited_until > waits.due_at, false))
            as is_breached
    from tickets
    inner join times
        on
            tickets.source_system = times.source_system
            and tickets.ticket_id = times.ticket_id
    inner join waits
        on
            tickets.source_system = waits.source_system
            and tickets.ticket_id = waits.ticket_id
    left outer join durations
        on
            tickets.source_system = durations.source_system
            and tickets.ticket_id = durations.ticket_id
)

select * from final
