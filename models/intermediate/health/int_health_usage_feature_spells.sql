-- Grain: one row per phase, key feature and day from which it is known to be in use.
-- In use while at least `activation_events` events of the last 28 days are known.
{{ config(materialized='ephemeral') }}

with sources as (
    select
        phase_no,
        source_system,
        account_key
    from {{ ref('int_health_usage_sources') }}
),

features as (
    select
        mapped.event_name,
        key_features.feature_no
    from {{ ref('int_product_features') }} as mapped
    inner join {{ ref('int_product_key_features') }} as key_features
        on mapped.feature = key_features.feature
    where mapped.is_key_feature
),

late as (
    select
        people.source_system,
        people.account_key,
        days.event_name,
        days.usage_date,
        days.known_on,
        days.events
    from {{ ref('int_product_late_days') }} as days
    inner join {{ ref('int_product_people') }} as people
        on days.user_no = people.user_no
    where days.events > 0
),

known as (
    select
        source_system,
        account_key,
        event_name,
        usage_date,
        usage_date as known_on,
        events
    from {{ ref('int_product_feature_days') }}
    where events > 0
    union all
    select
        source_system,
        account_key,
        event_name,
        usage_date,
        usage_date as known_on,
        -events as events
    from late
    union all
    select
        source_system,
        account_key,
        event_name,
        usage_date,
        known_on,
        events
    from late
    {%- if has_reported_usage() %}
    union all
    select
        source_system,
        account_key,
        event_name,
        usage_date,
        usage_date as known_on,
        events
    from {{ ref('int_product_reported_days') }}
    {%- endif %}
),

changes as (
    {%- for sign, day in [(1, 'known.known_on'), (-1, add_days('known.usage_date', 28))] %}
    select
        sources.phase_no,
        features.feature_no,
        {{ day }} as date_day,
        known.events * {{ sign }} as events
    from known
    inner join sources
        on
            known.source_system = sources.source_system
            and known.account_key = sources.account_key
    inner join features
        on known.event_name = features.event_name
    where {{ days_between('known.usage_date', 'known.known_on') }} < 28
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

daily as (
    select
        phase_no,
        feature_no,
        date_day,
        sum(events) as events
    from changes
    group by
        phase_no,
        feature_no,
        date_day
),

running as (
    select
        phase_no,
        feature_no,
        date_day,
        sum(events) over (
            partition by phase_no, feature_no
            order by date_day
        ) >= {{ var('activation_events') | int }} as is_used
    from daily
),

turns as (
    select
        phase_no,
        feature_no,
        date_day,
        is_used,
        lag(is_used, 1, false) over (
            partition by phase_no, feature_no
            order by date_day
        ) as was_used
    from running
),

spells as (
    select
        phase_no,
        feature_no,
        is_used,
        date_day as used_from,
        lead(date_day) over (
            partition by phase_no, feature_no
            order by date_day
        ) as used_to
    from turns
    where is_used <> was_used
),

final as (
    select
        phase_no,
        feature_no,
        used_from,
        used_to
    from spells
    where is_used
)

select * from final
