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

{{ feature_user_days_as_known() }},

counted as (
    select
        people.phase_no,
        features.feature_no,
        days.usage_date,
        days.known_on,
        sum(days.events) as events
    from user_days as days
    inner join features
        on days.event_name = features.event_name
    inner join people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.valid_from
            and days.usage_date < people.valid_to
    where days.events <> 0
    group by
        people.phase_no,
        features.feature_no,
        days.usage_date,
        days.known_on
),

known as (
    select
        phase_no,
        feature_no,
        usage_date,
        known_on,
        events
    from counted
    {%- if has_reported_usage() %}
    -- Single events win over a report of the same day: both count the same work.
    union all
    select
        people.phase_no,
        features.feature_no,
        days.usage_date,
        days.usage_date as known_on,
        days.events
    from {{ ref('int_product_reported_days') }} as days
    inner join features
        on days.event_name = features.event_name
    inner join people
        on days.user_no = people.user_no
    where
        not exists (
            select 1
            from counted
            where
                people.phase_no = counted.phase_no
                and features.feature_no = counted.feature_no
                and days.usage_date = counted.usage_date
        )
    {%- endif %}
),

changes as (
    {%- for sign, day in [(1, 'known_on'), (-1, add_days('usage_date', 28))] %}
    select
        phase_no,
        feature_no,
        {{ day }} as date_day,
        events * {{ sign }} as events
    from known
    where {{ days_between('usage_date', 'known_on') }} < 28
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
