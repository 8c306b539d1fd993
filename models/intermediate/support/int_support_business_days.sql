-- Grain: one row per day from the first ticket to the as-of date.
-- The support desk's hours of the day (UTC) and the business seconds of all days before it, so
-- that the business time between two moments is a difference of two running totals.
with tickets as (
    select min(created_at) as first_created_at
    from {{ ref('int_support_tickets') }}
),

hours as (
    select
        weekday,
        cast(substring(opens_at, 1, 2) as integer) * 60
        + cast(substring(opens_at, 4, 2) as integer) as opens_minute,
        cast(substring(closes_at, 1, 2) as integer) * 60
        + cast(substring(closes_at, 4, 2) as integer) as closes_minute
    from {{ ref('business_hours') }}
),

holidays as (
    select holiday_on
    from {{ ref('business_holidays') }}
),

days as (
    select {{ day_series('first_created_at', as_of_date()) }} as date_day
    from tickets
    where first_created_at is not null
),

weekdays as (
    select
        date_day,
        {{ iso_weekday('date_day') }} as day_of_week
    from days
),

opened as (
    select
        weekdays.date_day,
        case when holidays.holiday_on is null then hours.opens_minute end as opens_minute,
        case when holidays.holiday_on is null then hours.closes_minute end as closes_minute
    from weekdays
    left outer join hours
        on weekdays.day_of_week = hours.weekday
    left outer join holidays
        on weekdays.date_day = holidays.holiday_on
),

final as (
    select
        date_day,
        {{ dbt.dateadd('minute', 'opens_minute', 'cast(date_day as timestamp)') }} as opens_at,
        {{ dbt.dateadd('minute', 'closes_minute', 'cast(date_day as timestamp)') }} as closes_at,
        coalesce(
            sum((closes_minute - opens_minute) * 60) over (
                order by date_day
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as business_seconds_before
    from opened
)

select * from final
