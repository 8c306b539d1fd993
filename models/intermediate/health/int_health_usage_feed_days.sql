-- Grain: one row per day, from the first delivery of usage to the as-of date.
-- usage_on is the last day until then on which any event of any account was delivered.
with late as (
    select
        usage_date,
        known_on,
        sum(events) as events
    from {{ ref('int_product_late_days') }}
    group by
        usage_date,
        known_on
),

counted as (
    select
        usage_date,
        sum(events) as events
    from {{ ref('int_product_user_days') }}
    group by usage_date
),

late_of_day as (
    select
        usage_date,
        sum(events) as events
    from late
    group by usage_date
),

delivered as (
    select counted.usage_date as delivered_on
    from counted
    left outer join late_of_day
        on counted.usage_date = late_of_day.usage_date
    where counted.events > coalesce(late_of_day.events, 0)
    union
    select known_on as delivered_on
    from late
    where events > 0
    union
    select usage_date as delivered_on
    from {{ ref('int_product_reported_days') }}
),

stretches as (
    select
        delivered_on,
        coalesce(
            {{ add_days('lead(delivered_on) over (order by delivered_on)', -1) }},
            {{ as_of_date() }}
        ) as last_day
    from delivered
),

final as (
    select
        delivered_on as usage_on,
        {{ day_series('delivered_on', 'last_day') }} as date_day
    from stretches
)

select * from final
