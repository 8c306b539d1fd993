-- Grain: one row per phase and day on which its active users, as known then, change.
-- A user is active from the day a user-day was known until 28 days after it happened. Stretches
-- that touch are one: a user is in where the stretches so far have ended, and out at their end.
{{ config(materialized='ephemeral') }}

with user_days as (
    select
        phase_no,
        person_no,
        usage_date,
        known_on
    from {{ ref('int_health_usage_user_days') }}
    where {{ days_between('usage_date', 'known_on') }} < 28
),

turns as (
    select
        phase_no,
        usage_date,
        known_on,
        max(usage_date) over (
            partition by phase_no, person_no
            order by known_on, usage_date
            rows between unbounded preceding and 1 preceding
        ) as last_day,
        lead(known_on) over (
            partition by phase_no, person_no
            order by known_on, usage_date
        ) as next_known_on
    from user_days
),

day_counts as (
    select
        phase_no,
        usage_date,
        known_on,
        count(*) as user_days
    from user_days
    group by
        phase_no,
        usage_date,
        known_on
),

changes as (
    select
        phase_no,
        known_on as date_day,
        1 as active_users,
        0 as user_days
    from turns
    where
        last_day is null
        or {{ days_between('last_day', 'known_on') }} >= 28
    union all
    select
        phase_no,
        {{ add_days('last_day', 28) }} as date_day,
        -1 as active_users,
        0 as user_days
    from turns
    where {{ days_between('last_day', 'known_on') }} >= 28
    union all
    select
        phase_no,
        {{ add_days('greatest(usage_date, coalesce(last_day, usage_date))', 28) }} as date_day,
        -1 as active_users,
        0 as user_days
    from turns
    where next_known_on is null
    union all
    select
        phase_no,
        known_on as date_day,
        0 as active_users,
        user_days
    from day_counts
    union all
    select
        phase_no,
        {{ add_days('usage_date', 28) }} as date_day,
        0 as active_users,
        -user_days as user_days
    from day_counts
),

final as (
    select
        phase_no,
        date_day,
        sum(active_users) as active_users,
        sum(user_days) as user_days
    from changes
    group by
        phase_no,
        date_day
)

select * from final
