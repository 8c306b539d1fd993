-- Grain: one row per account and day, from its first event to the as-of date, no gaps.
-- Incremental per account: int_product_usage_scope says from which day each account is built
-- again; everything before it stays as it is.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_from',
    on_schema_change='fail',
    unique_key=['account_id', 'usage_date'],
    pre_hook="{{ remove_accounts_without_usage(this, ref('int_product_account_inputs')) }}",
    post_hook="{{ note_usage_fact_progress(this, ref('int_product_user_days')) }}"
) }}

with active_users as (
    select
        account_id,
        account_no,
        build_from,
        usage_date,
        events,
        active_users_1d,
        active_users_7d,
        active_users_28d,
        user_days_28d
    from {{ ref('int_product_active_users') }}
),

feature_changes as (
    select
        account_no,
        usage_date,
        used,
        entitled,
        activated
    from {{ ref('int_product_feature_changes') }}
),

seat_changes as (
    select
        account_no,
        usage_date,
        seat_change
    from {{ ref('int_product_seat_changes') }}
),

inputs as (
    select
        account_id,
        inputs_fingerprint
    from {{ ref('int_product_account_inputs') }}
),

counted as (
    select
        active_users.*,
        coalesce(sum(feature_changes.used) over so_far, 0) as key_features_used,
        coalesce(sum(feature_changes.entitled) over so_far, 0) as key_features_entitled,
        coalesce(sum(feature_changes.activated) over so_far, 0) as key_features_activated,
        coalesce(sum(seat_changes.seat_change) over so_far, 0) as seats
    from active_users
    left outer join feature_changes
        on
            active_users.account_no = feature_changes.account_no
            and active_users.usage_date = feature_changes.usage_date
    left outer join seat_changes
        on
            active_users.account_no = seat_changes.account_no
            and active_users.usage_date = seat_changes.usage_date
    window so_far as (
        partition by active_users.account_no
        order by active_users.usage_date
        rows between unbounded preceding and current row
    )
),

final as (
    select
        counted.account_id,
        counted.usage_date,
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
        / nullif(counted.active_users_28d, 0) as stickiness_28d,
        inputs.inputs_fingerprint
    from counted
    inner join inputs
        on counted.account_id = inputs.account_id
    where counted.usage_date >= counted.build_from
)

select * from final
