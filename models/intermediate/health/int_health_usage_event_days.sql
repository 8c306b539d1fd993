-- Grain: one row per phase, day on which events happened and day on which they were known.
-- Events that named no user count as events of the account and as nobody's activity.
{{ config(materialized='ephemeral') }}

with sources as (
    select
        phase_no,
        source_system,
        account_key
    from {{ ref('int_health_usage_sources') }}
),

people as (
    select
        sources.phase_no,
        known.user_no,
        known.valid_from,
        known.valid_to
    from {{ ref('int_product_people') }} as known
    inner join sources
        on
            known.source_system = sources.source_system
            and known.account_key = sources.account_key
),

counted as (
    select
        people.phase_no,
        days.usage_date,
        days.usage_date as known_on,
        days.events
    from {{ ref('int_product_user_days') }} as days
    inner join people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.valid_from
            and days.usage_date < people.valid_to
    where days.events > 0
),

late as (
    select
        people.phase_no,
        days.usage_date,
        days.known_on,
        days.events
    from {{ ref('int_product_late_days') }} as days
    inner join people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.valid_from
            and days.usage_date < people.valid_to
    where days.events > 0
),

-- What arrived late moves from the day it happened to the day it was known.
known as (
    select
        phase_no,
        usage_date,
        known_on,
        events
    from counted
    union all
    select
        phase_no,
        usage_date,
        usage_date as known_on,
        -events as events
    from late
    union all
    select
        phase_no,
        usage_date,
        known_on,
        events
    from late
),

{% if has_reported_usage() -%}
-- Single events win over a report of the same day: both count the same work.
reported as (
    select
        people.phase_no,
        days.usage_date,
        sum(days.events) as events
    from {{ ref('int_product_reported_days') }} as days
    inner join people
        on days.user_no = people.user_no
    left outer join counted
        on
            people.phase_no = counted.phase_no
            and days.usage_date = counted.usage_date
    where counted.phase_no is null
    group by
        people.phase_no,
        days.usage_date
),

{% endif -%}
final as (
    select
        phase_no,
        usage_date,
        known_on,
        sum(events) as events
    from known
    group by
        phase_no,
        usage_date,
        known_on
    having sum(events) > 0
    {%- if has_reported_usage() %}
    union all
    select
        phase_no,
        usage_date,
        usage_date as known_on,
        events
    from reported
    {%- endif %}
)

select * from final
