-- Grain: one row per account in scope, key feature and day from which the feature is in use.
-- A key feature is in use from the day that the activation_events-th event of 28 days happens, for
-- as long as 28 days hold that many. Half-open: used_to is the first day on which they do not.
{{ config(materialized='ephemeral') }}
{%- set needed = var('activation_events') | int %}

with scope as (
    select
        account_id,
        account_no,
        read_from,
        is_deep
    from {{ ref('int_product_usage_scope') }}
),

people as (
    select
        known.user_no,
        known.valid_to,
        scope.account_no,
        scope.is_deep,
        greatest(known.valid_from, scope.read_from) as read_from
    from {{ ref('int_product_people') }} as known
    inner join scope
        on known.account_id = scope.account_id
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

event_days as (
    {%- for branch in ['recent', 'deep'] %}
    select
        people.account_no,
        features.feature_no,
        days.usage_date,
        days.events as counted_events,
        0 as reported_events
    from {{ ref('int_product_feature_user_days') }} as days
    inner join features
        on days.event_name = features.event_name
    inner join people
        on
            days.user_no = people.user_no
            and days.usage_date >= people.read_from
            and days.usage_date < people.valid_to
    where
        days.events > 0
        {%- if branch == 'recent' %}
        and not people.is_deep
        and days.usage_date >= {{ add_days(recent_usage_from(), -27) }}
        {%- else %}
        and people.is_deep
        {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- if has_reported_usage() %}
    union all
    select
        people.account_no,
        features.feature_no,
        reported.usage_date,
        0 as counted_events,
        reported.events as reported_events
    from {{ ref('int_product_reported_days') }} as reported
    inner join features
        on reported.event_name = features.event_name
    inner join people
        on
            reported.user_no = people.user_no
            and reported.usage_date >= people.read_from
    {%- endif %}
),

feature_days as (
    select
        account_no,
        feature_no,
        usage_date,
        -- Single events win over a report of the same day: both count the same work.
        coalesce(nullif(sum(counted_events), 0), sum(reported_events)) as events
    from event_days
    group by
        account_no,
        feature_no,
        usage_date
),

-- reached_on: the latest day since when the feature has the needed number of events.
reached as (
    select
        account_no,
        feature_no,
        usage_date,
        {%- if needed == 1 %}
        usage_date as reached_on
        {%- else %}
        case
            when events >= {{ needed }} then usage_date
            {%- set total = ['events'] %}
            {%- for back in range(1, needed) %}
            {%- do total.append('coalesce(lag(events, ' ~ back ~ ') over feature_order, 0)') %}
            when {{ total | join(' + ') }} >= {{ needed }}
                then lag(usage_date, {{ back }}) over feature_order
            {%- endfor %}
        end as reached_on
        {%- endif %}
    from feature_days
    {%- if needed > 1 %}
    window feature_order as (partition by account_no, feature_no order by usage_date)
    {%- endif %}
),

stretches as (
    select
        account_no,
        feature_no,
        usage_date as used_from,
        {{ add_days('reached_on', 28) }} as used_to
    from reached
    where {{ add_days('reached_on', 28) }} > usage_date
),

marked as (
    select
        account_no,
        feature_no,
        used_from,
        used_to,
        case
            when
                lag(used_to) over (
                    partition by account_no, feature_no
                    order by used_from
                ) >= used_from
                then 0
            else 1
        end as is_start
    from stretches
),

numbered as (
    select
        account_no,
        feature_no,
        used_from,
        used_to,
        sum(is_start) over (
            partition by account_no, feature_no
            order by used_from
            rows between unbounded preceding and current row
        ) as spell
    from marked
),

final as (
    select
        account_no,
        feature_no,
        min(used_from) as used_from,
        max(used_to) as used_to
    from numbered
    group by
        account_no,
        feature_no,
        spell
)

select * from final
