-- Grain: one row per account, week and feature that was used.
-- Incremental by week: the weeks with days that were counted anew are built again; all of them
-- when accounts or the feature map changed.
{%- set rule %}{{ feature_rule(ref('int_product_accounts'), ref('int_product_features')) }}
{%- endset %}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ remove_stale_periods(
        this,
        ref('int_product_feature_user_days'),
        'week',
        feature_rule(ref('int_product_accounts'), ref('int_product_features'))
    ) }}",
    post_hook="{{ note_progress(
        this,
        ref('int_product_events'),
        feature_rule(ref('int_product_accounts'), ref('int_product_features')),
        ref('int_product_feature_user_days')
    ) }}"
) }}
{%- set stale = stale_feature_periods(
    this, ref('int_product_feature_user_days'), 'week', rule
) %}

with person_days as (
    select
        person_no,
        feature,
        usage_date,
        cast({{ dbt.date_trunc('week', 'usage_date') }} as date) as week,
        events,
        is_user,
        is_reported
    from {{ ref('int_product_feature_person_days') }}
),

-- Persons first, by their numbers: counting distinct persons by account takes three times as long.
-- `days` has a bit for each day of the week.
persons as (
    select
        person_no,
        feature,
        week,
        sum(events) as events,
        bit_or(1 << {{ days_between('week', 'usage_date') }}) as days,
        bool_or(is_reported and not is_user) as is_unknown
    from person_days
    where {{ in_stale_periods(stale, 'usage_date', 'week') }}
    group by
        person_no,
        feature,
        week
),

-- The person's number is one of its user numbers.
people as (
    select
        user_no,
        account_id,
        user_id
    from {{ ref('int_product_people') }}
),

weeks as (
    select
        people.account_id,
        persons.week,
        persons.feature,
        cast(sum(persons.events) as bigint) as events,
        case when not bool_or(persons.is_unknown) then count(people.user_id) end as active_users,
        cast(bit_count(bit_or(persons.days)) as bigint) as active_days
    from persons
    inner join people
        on persons.person_no = people.user_no
    group by
        people.account_id,
        persons.week,
        persons.feature
),

features as (
    select
        feature,
        max(product_id) as product_id,
        bool_or(is_key_feature) as is_key_feature
    from {{ ref('int_product_features') }}
    group by feature
),

final as (
    select
        weeks.account_id,
        weeks.week,
        weeks.feature,
        features.product_id,
        features.is_key_feature,
        weeks.events,
        weeks.active_users,
        weeks.active_days
    from weeks
    inner join features
        on weeks.feature = features.feature
)

select * from final
