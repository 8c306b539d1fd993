-- Grain: one row per source system and support ticket that existed at the as-of date.
with tickets as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        status,
        source_status,
        priority,
        channel,
        category,
        is_escalated,
        is_merged,
        is_open,
        satisfaction,
        {{ support_target_minutes('priority') }} as target_minutes,
        {{ support_target_minutes('priority', 'support_resolution_minutes') }}
            as resolution_target_minutes
    from {{ ref('int_support_tickets') }}
),

times as (
    select
        source_system,
        ticket_id,
        first_response_at,
        first_solved_at,
        last_solved_at,
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

breaches as (
    select
        source_system,
        ticket_id,
        max(case when target = 'first_response' then 1 else 0 end) as missed_response,
        max(case when target = 'resolution' then 1 else 0 end) as missed_resolution
    from {{ ref('int_support_ticket_breaches') }}
    group by
        source_system,
        ticket_id
),

final as (
    select
        cast(tickets.ticket_id as varchar) as ticket_id,
        cast(tickets.account_id as varchar) as account_id,
        cast(tickets.created_at as timestamp) as created_at,
        cast(tickets.status as varchar) as status,
        cast(tickets.source_status as varchar) as source_status,
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
        cast(tickets.resolution_target_minutes as bigint) as resolution_target_minutes,
        cast(tickets.satisfaction as varchar) as satisfaction,
        tickets.is_merged,
        cast(tickets.source_system as varchar) as source_system,
        tickets.is_open,
        (not tickets.is_merged and coalesce(breaches.missed_response, 0) = 1) as is_breached,
        (not tickets.is_merged and coalesce(breaches.missed_resolution, 0) = 1)
            as is_resolution_breached
    from tickets
    inner join times
        on
            tickets.source_system = times.source_system
            and tickets.ticket_id = times.ticket_id
    left outer join breaches
        on
            tickets.source_system = breaches.source_system
            and tickets.ticket_id = breaches.ticket_id
    left outer join durations
        on
            tickets.source_system = durations.source_system
            and tickets.ticket_id = durations.ticket_id
)

select * from final
