-- Grain: one row per person, feature and day, source key, event name and kind of report.
-- Who used which feature when. Where a company reports usage per day without users, person_no
-- stands for nobody in particular (is_user is false).
{{ config(materialized='ephemeral') }}

with people as (
    select
        user_no,
        source_system,
        account_key,
        user_id,
        person_no,
        valid_from,
        valid_to
    from {{ ref('int_product_people') }}
),

features as (
    select
        event_name,
        feature
    from {{ ref('int_product_features') }}
),

counted as (
    select
        user_no,
        event_name,
        usage_date,
        events
    from {{ ref('int_product_feature_user_days') }}
    where events > 0
),

{% if has_reported_usage() -%}
-- Single events win over a report of the same event name and day: both count the same work.
counted_days as (
    select
        people.source_system,
        people.account_key,
        counted.event_name,
        counted.usage_date
    from counted
    inner join people
        on
            counted.user_no = people.user_no
            and counted.usage_date >= people.valid_from
            and counted.usage_date < people.valid_to
    group by
        people.source_system,
        people.account_key,
        counted.event_name,
        counted.usage_date
),

{% endif -%}
final as (
    select
        people.person_no,
        features.feature,
        counted.usage_date,
        counted.events,
        people.user_id is not null as is_user,
        false as is_reported
    from counted
    inner join people
        on
            counted.user_no = people.user_no
            and counted.usage_date >= people.valid_from
            and counted.usage_date < people.valid_to
    inner join features
        on counted.event_name = features.event_name
    {%- if has_reported_usage() %}
    union all
    select
        people.person_no,
        features.feature,
        reported.usage_date,
        reported.events,
        people.user_id is not null as is_user,
        true as is_reported
    from {{ ref('int_product_reported_days') }} as reported
    inner join people
        on reported.user_no = people.user_no
    inner join features
        on reported.event_name = features.event_name
    left outer join counted_days
        on
            reported.source_system = counted_days.source_system
            and reported.account_key = counted_days.account_key
            and reported.event_name = counted_days.event_name
            and reported.usage_date = counted_days.usage_date
    where counted_days.account_key is null
    {%- endif %}
)

select * from final
