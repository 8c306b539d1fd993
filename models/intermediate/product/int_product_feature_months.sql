-- Grain: one row per account, month and feature that was used.
-- Incremental by month: the months with days that were counted anew are built again; all of them
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
        'month',
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
    this, ref('int_product_feature_user_days'), 'month', rule
) %}

with person_days as (
    select
        person_no,
        feature,
        usage_date,
        cast({{ dbt.date_trunc('month', 'usage_date') }} as date) as month,
        events,
        is_user,
        is_reported
    from {{ ref('int_product_feature_person_days') }}
),

-- Persons first, by their numbers: counting distinct persons by account takes three times as long.
-- `days` has a bit for each day of the month.
persons as (
    select
        person_no,
        feature,
        month,
        sum(events) as events,
        bit_or(1 << {{ days_between('month', 'usage_date') }}) as days,
        bool_or(is_reported and not is_user) as is_unknown
    from person_days
    where {{ in_stale_periods(stale, 'usage_date', 'month') }}
    group by
        person_no,
        feature,
        month
),

-- The person's number is one of its user numbers.
people as (
    select
        user_no,
        account_id,
        user_id
    from {{ ref('int_product_people') }}
),

final as (
    select
        people.account_id,
        persons.month,
        persons.feature,
        cast(sum(persons.events) as bigint) as events,
        case when not bool_or(persons.is_unknown) then count(people.user_id) end as active_users,
        cast(bit_count(bit_or(persons.days)) as bigint) as active_days
    from persons
    inner join people
        on persons.person_no = people.user_no
    group by
        people.account_id,
        persons.month,
        persons.feature
)

select * from final
