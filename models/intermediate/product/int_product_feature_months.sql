-- Grain: one row per account, month and feature that was used.
-- Incremental by month: the months with days that were counted anew, or count for another
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
        'month',
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
    this, ref('int_product_feature_user_days'), ref('int_product_people'), 'month', rule
) %}

{{ feature_periods(
    ref('int_product_feature_person_days'), ref('int_product_people'), stale, 'month'
) }},

final as (
    select
        account_id,
        month,
        feature,
        events,
        active_users,
        active_days
    from months
)

select * from final
