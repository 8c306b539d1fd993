-- A day's users are users of its week and its month; shares lie between 0 and 1, stickiness
-- between 1/28 and 1; what is activated is both in use and entitled.
select
    account_id,
    usage_date,
    active_users_1d,
    active_users_7d,
    active_users_28d,
    user_days_28d,
    key_features_active_28d,
    key_features_activated_28d,
    key_features_entitled,
    stickiness_28d
from {{ ref('fct_account_usage_day') }}
where
    events < 0
    or active_users_1d < 0
    or active_users_1d > active_users_7d
    or active_users_7d > active_users_28d
    or active_users_28d > user_days_28d
    or user_days_28d > 28 * active_users_28d
    or stickiness_28d < cast(1 as double) / 28 - 0.000000001
    or stickiness_28d > 1.000000001
    or key_features_activated_28d > key_features_entitled
    or key_features_activated_28d > key_features_active_28d
    or key_feature_activation < 0
    or key_feature_activation > 1
    or seat_utilisation < 0
