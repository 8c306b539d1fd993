-- Grain: one row per account and day, from its first event to the as-of date, no gaps.
-- Incremental per account: int_product_usage_scope says from which day each account is built
-- again; everything before it stays as it is.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_from',
    on_schema_change='fail',
    unique_key=['account_id', 'usage_date'],
    pre_hook="{{ remove_accounts_without_usage(this, ref('int_product_account_inputs')) }}",
    post_hook=[
        "{{ note_usage_fact_progress(this, ref('int_product_user_days')) }}",
        "{{ note_people(this, ref('int_product_people')) }}",
    ]
) }}

with scope as (
    select
        account_id,
        account_no,
        build_from
    from {{ ref('int_product_usage_scope') }}
),

counted as (
    select
        account_no,
        usage_date,
        events,
        active_users_1d,
        active_users_7d,
        active_users_28d,
        user_days_28d,
        key_features_used,
        key_features_activated,
        key_features_entitled,
        seats
    from {{ ref('int_product_active_users') }}
),

inputs as (
    select
        account_no,
        inputs_fingerprint
    from {{ ref('int_product_account_inputs') }}
),

final as (
    select
        scope.account_id,
        counted.usage_date,
        inputs.inputs_fingerprint,
        cast(counted.events as bigint) as events,
        cast(counted.active_users_1d as bigint) as active_users_1d,
        cast(counted.active_users_7d as bigint) as active_users_7d,
        cast(counted.active_users_28d as bigint) as active_users_28d,
        cast(counted.user_days_28d as bigint) as user_days_28d,
        cast(counted.key_features_used as bigint) as key_features_active_28d,
        cast(counted.key_features_activated as bigint) as key_features_activated_28d,
        cast(counted.key_features_entitled as bigint) as key_features_entitled,
        cast(counted.key_features_activated as double)
        / nullif(counted.key_features_entitled, 0) as key_feature_activation,
        cast(counted.seats as decimal(18, 4)) as seats,
        cast(counted.active_users_28d as double)
        / nullif(cast(counted.seats as double), 0) as seat_utilisation,
        cast(counted.user_days_28d as double) / 28
        / nullif(counted.active_users_28d, 0) as stickiness_28d
    from counted
    inner join scope
        on
            counted.account_no = scope.account_no
            and counted.usage_date >= scope.build_from
    inner join inputs
        on counted.account_no = inputs.account_no
)

select * from final
