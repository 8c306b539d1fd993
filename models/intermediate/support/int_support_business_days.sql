-- Grain: one row per calendar, day of its zone and stretch of business hours of it.
-- The hours in UTC and the business seconds of all stretches before, so that the business time
-- between two moments is a difference of two running totals. Every day has a stretch of no length
-- at its midnight.
with tickets as (
    select min(created_at) as first_created_at
    from {{ ref('int_support_tickets') }}
),

calendars as (
    select
        calendar,
        min(time_zone) as time_zone
    from {{ ref('business_calendars') }}
    group by calendar
),

hours as (
    select
        calendar,
        weekday,
        cast(substring(opens_at, 1, 2) as integer) * 60
        + cast(substring(opens_at, 4, 2) as integer) as opens_minute,
        cast(substring(closes_at, 1, 2) as integer) * 60
        + cast(substring(closes_at, 4, 2) as integer) as closes_minute
    from {{ ref('business_hours') }}
),

holidays as (
    select
        holiday_on,
        calendar
    from {{ ref('business_holidays') }}
),

-- A day more on both ends: it is another day in other zones.
days as (
    select {{ day_series('first_day', add_days(as_of_date(), 1)) }} as date_day
    from (
        select {{ add_days('cast(first_created_at as date)', -1) }} as first_day
        from tickets
        where first_created_at is not null
    ) as bounds
),

weekdays as (
    select
        calendars.calendar,
        calendars.time_zone,
        days.date_day,
        {{ iso_weekday('days.date_day') }} as day_of_week
    from days
    cross join calendars
),

working as (
    select
        weekdays.calendar,
        weekdays.time_zone,
        weekdays.date_day,
        hours.opens_minute,
        hours.closes_minute
    from weekdays
    inner join hours
        on
            weekdays.calendar = hours.calendar
            and weekdays.day_of_week = hours.weekday
    left outer join holidays
        on
            weekdays.date_day = holidays.holiday_on
            and (holidays.calendar is null or weekdays.calendar = holidays.calendar)
    where holidays.holiday_on is null
    union all
    select
        calendar,
        time_zone,
        date_day,
        0 as opens_minute,
        0 as closes_minute
    from weekdays
),

opened as (
    select
        calendar,
        date_day,
        {{ utc_time(
            dbt.dateadd('minute', 'opens_minute', 'cast(date_day as timestamp)'), 'time_zone'
        ) }} as opens_at,
        {{ utc_time(
            dbt.dateadd('minute', 'closes_minute', 'cast(date_day as timestamp)'), 'time_zone'
        ) }} as closes_at
    from working
),

final as (
    select
        calendar,
        date_day,
        opens_at,
        closes_at,
        coalesce(
            sum({{ seconds_between('opens_at', 'closes_at') }}) over (
                partition by calendar
                order by date_day, opens_at, closes_at
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as business_seconds_before
    from opened
)

select * from final
