-- Grain: one row per source system, ticket and kind of duration that has ended.
-- Seconds from the creation of the ticket to its first response, first and last solution, by the
-- clock and within the hours of the support desk. Without a calendar that applies there are no
-- business seconds.
with tickets as (
    select
        source_system,
        ticket_id,
        created_at
    from {{ ref('int_support_tickets') }}
),

calendars as (
    select
        source_system,
        ticket_id,
        calendar,
        time_zone
    from {{ ref('int_support_ticket_calendars') }}
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
        calendar,
        date_day,
        opens_at,
        closes_at,
        business_seconds_before
    from {{ ref('int_support_business_days') }}
),

moments as (
    select
        source_system,
        ticket_id,
        'created' as kind,
        created_at as moment
    from tickets
    {%- for kind, column in {
        'first_response': 'first_response_at',
        'first_resolution': 'first_solved_at',
        'full_resolution': 'last_solved_at',
    }.items() %}
    union all
    select
        source_system,
        ticket_id,
        '{{ kind }}' as kind,
        {{ column }} as moment
    from times
    where {{ column }} is not null
    {%- endfor %}
),

-- The moments as the zone of the calendar shows them: which day they belong to.
dated as (
    select
        moments.source_system,
        moments.ticket_id,
        moments.kind,
        moments.moment,
        calendars.calendar,
        cast({{ zone_time('moments.moment', 'calendars.time_zone') }} as date) as zone_day
    from moments
    left outer join calendars
        on
            moments.source_system = calendars.source_system
            and moments.ticket_id = calendars.ticket_id
),

measured as (
    select
        dated.source_system,
        dated.ticket_id,
        dated.kind,
        dated.moment,
        {{ business_seconds_at('dated.moment', 'days') }} as business_seconds
    from dated
    left outer join days
        on
            dated.calendar = days.calendar
            and dated.zone_day = days.date_day
            and dated.moment >= days.opens_at
    group by
        dated.source_system,
        dated.ticket_id,
        dated.kind,
        dated.moment
),

final as (
    select
        ended.source_system,
        ended.ticket_id,
        ended.kind as duration_kind,
        {{ seconds_between('created.moment', 'ended.moment') }} as calendar_seconds,
        ended.business_seconds - created.business_seconds as business_seconds
    from measured as ended
    inner join measured as created
        on
            ended.source_system = created.source_system
            and ended.ticket_id = created.ticket_id
            and created.kind = 'created'
            and ended.moment >= created.moment
    where ended.kind <> 'created'
)

select * from final
