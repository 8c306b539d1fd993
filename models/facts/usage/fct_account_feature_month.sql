-- Grain: one row per account, month and feature that the account could use or used.
-- Who has a feature and who uses it. Attempts at what was not bought are no feature. A merged
-- account's usage, products and ARR are its survivor's in all months.
with used as (
    select
        account_id,
        month,
        feature,
        events,
        active_users,
        active_days
    from {{ ref('int_product_feature_months') }}
),

entitled as (
    select
        account_id,
        month,
        feature
    from {{ ref('int_product_feature_entitlements') }}
),

features as (
    select
        feature,
        max(product_id) as product_id,
        bool_or(is_key_feature) as is_key_feature
    from {{ ref('int_product_features') }}
    where not is_gated_attempt
    group by feature
),

account_arr as (
    select
        coalesce(survivors.survivor_account_id, months.account_id) as account_id,
        months.month,
        sum(months.closing_arr) as arr
    from {{ ref('fct_account_month') }} as months
    left outer join {{ ref('int_account_survivors') }} as survivors
        on months.account_id = survivors.account_id
    group by
        coalesce(survivors.survivor_account_id, months.account_id),
        months.month
),

joined as (
    select
        coalesce(entitled.account_id, used.account_id) as account_id,
        coalesce(entitled.month, used.month) as month,
        coalesce(entitled.feature, used.feature) as feature,
        entitled.account_id is not null as is_entitled,
        coalesce(used.events, 0) as events,
        case when used.account_id is null then 0 else used.active_users end as active_users,
        coalesce(used.active_days, 0) as active_days
    from entitled
    full outer join used
        on
            entitled.account_id = used.account_id
            and entitled.month = used.month
            and entitled.feature = used.feature
),

final as (
    select
        joined.account_id,
        joined.month,
        joined.feature,
        features.product_id,
        features.is_key_feature,
        joined.is_entitled,
        joined.is_entitled and joined.events >= {{ var('activation_events') | int }}
            as is_activated,
        joined.events,
        joined.active_users,
        joined.active_days,
        cast(coalesce(account_arr.arr, 0) as decimal(18, 2)) as arr
    from joined
    inner join features
        on joined.feature = features.feature
    left outer join account_arr
        on
            joined.account_id = account_arr.account_id
            and joined.month = account_arr.month
)

select * from final
