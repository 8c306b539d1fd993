-- Of the last 60 days, every delivery is either an event of the counts by user or a repeat.
{{ config(meta={'dagster': {'ref': {'name': 'int_product_user_days'}}}) }}

with deliveries as (
    select
        cast(occurred_at as date) as usage_date,
        count(*) as deliveries
    from {{ ref('int_product_events') }}
    where occurred_at >= {{ day_start(as_of_date(), -60) }}
    group by cast(occurred_at as date)
),

counted as (
    select
        usage_date,
        sum(events) as events
    from {{ ref('int_product_user_days') }}
    where usage_date >= {{ add_days(as_of_date(), -60) }}
    group by usage_date
),

repeated as (
    select
        usage_date,
        sum(repeats) as repeats
    from {{ ref('int_product_repeats') }}
    where usage_date >= {{ add_days(as_of_date(), -60) }}
    group by usage_date
)

select
    deliveries.usage_date,
    deliveries.deliveries,
    counted.events,
    repeated.repeats
from deliveries
left outer join counted
    on deliveries.usage_date = counted.usage_date
left outer join repeated
    on deliveries.usage_date = repeated.usage_date
where
    deliveries.deliveries
    <> coalesce(counted.events, 0) + coalesce(repeated.repeats, 0)
