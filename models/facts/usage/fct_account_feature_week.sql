-- Grain: one row per account, week and feature that was used.
-- Incremental by week: the weeks with days that were counted anew, or count for another
-- account than before, are built again; all of them when the feature map changed.
{%- set rule %}{{ feature_rule(ref('int_product_features')) }}{% endset %}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ remove_stale_periods(
        this,
        ref('int_product_feature_user_days'),
        ref('int_product_people'),
        'week',
        feature_rule(ref('int_product_features'))
    ) }}",
    post_hook=[
        "{{ note_progress(
            this,
            ref('int_product_events'),
            feature_rule(ref('int_product_features')),
            ref('int_product_feature_user_days')
        ) }}",
        "{{ note_people(this, ref('int_product_people')) }}",
    ]
) }}
{%- set stale = stale_feature_periods(
    this, ref('int_product_feature_user_days'), ref('int_product_people'), 'week', rule
) %}

{{ feature_periods(
    ref('int_product_feature_person_days'), ref('int_product_people'), stale, 'week'
) }},

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
