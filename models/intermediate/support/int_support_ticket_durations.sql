-- Grain: one row per source system, ticket and kind of duration that has ended.
-- Seconds from the creation of the ticket to its first response, first and last solution, by the
-- clock and within the hours of the support desk.
with tickets as (
    select
        source_system,
        ticket_id,
        created_at
    from {{ ref('int_support_tickets') }}
),

times as (
    select
        source_system,
        ticket_id,
        first_response_at,
        first_solved_at,
        last_solved_at
    from {{ ref('int_support_ticket_times') }}
),

days as (
    select
        date_day,
        opens_at,
        closes_at,
        business_seconds_before
    from {{ ref('int_support_business_days') }}
),

ends as (
    select
        source_system,
        ticket_id,
        'first_response' as duration_kind,
        first_response_at as ended_at
    from times
    union all
    select
        source_system,
        ticket_id,
        'first_resolution' as duration_kind,
        first_solved_at as ended_at
    from times
    union all
    select
        source_system,
        ticket_id,
        'full_resolution' as duration_kind,
        last_solved_at as ended_at
    from times
),

spans as (
    select
        tickets.source_system,
        tickets.ticket_id,
        ends.duration_kind,
        tickets.created_at,
        ends.ended_at
    from tickets
    inner join ends
        on
            tickets.source_system = ends.source_system
            and tickets.ticket_id = ends.ticket_id
    where ends.ended_at >= tickets.created_at
),

final as (
    select
        spans.source_system,
        spans.ticket_id,
        spans.duration_kind,
        {{ seconds_between('spans.created_at', 'spans.ended_at') }} as calendar_seconds,
        {{ business_seconds_at('spans.ended_at', 'last_days') }}
        - {{ business_seconds_at('spans.created_at', 'first_days') }} as business_seconds
    from spans
    inner join days as first_days
        on cast(spans.created_at as date) = first_days.date_day
    inner join days as last_days
        on cast(spans.ended_at as date) = last_days.date_day
)

select * from final
