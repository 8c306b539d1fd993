-- Grain: one row per phase and day on which its events, as known then, change.
-- An event counts for 28 days, then 84 more days for the time before. What is known only later
-- counts from then on.
{{ config(materialized='ephemeral') }}

with event_days as (
    select
        phase_no,
        usage_date,
        known_on,
        events
    from {{ ref('int_health_usage_event_days') }}
),

changes as (
    select
        phase_no,
        known_on as date_day,
        case when {{ days_between('usage_date', 'known_on') }} < 28 then events else 0 end
            as events,
        case
            when {{ days_between('usage_date', 'known_on') }} between 28 and 111 then events
            else 0
        end as events_before,
        usage_date as first_use,
        usage_date as last_use
    from event_days
    union all
    select
        phase_no,
        {{ add_days('usage_date', 28) }} as date_day,
        -events as events,
        events as events_before,
        cast(null as date) as first_use,
        cast(null as date) as last_use
    from event_days
    where {{ days_between('usage_date', 'known_on') }} < 28
    union all
    select
        phase_no,
        {{ add_days('usage_date', 112) }} as date_day,
        0 as events,
        -events as events_before,
        cast(null as date) as first_use,
        cast(null as date) as last_use
    from event_days
    where {{ days_between('usage_date', 'known_on') }} < 112
),

final as (
    select
        phase_no,
        date_day,
        sum(events) as events,
        sum(events_before) as events_before,
        min(first_use) as first_use,
        max(last_use) as last_use
    from changes
    group by
        phase_no,
        date_day
)

select * from final
