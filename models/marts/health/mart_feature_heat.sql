-- Grain: one row per account and feature that it can use or used in the last 28 days.
-- The heat table: how widely (share of seats) and how deeply (events per user) each account uses
-- each feature.
with account_features as (
    select
        account_id,
        feature,
        product_id,
        is_key_feature,
        is_entitled,
        events,
        active_users,
        active_days,
        last_used_on,
        depth,
        seats,
        share_of_seats
    from {{ ref('fct_account_feature_28d') }}
    where account_id <> 'unassigned'
),

accounts as (
    select
        account_id,
        account_name,
        segment,
        csm_id
    from {{ ref('dim_account') }}
),

revenue as (
    select
        account_id,
        arr
    from {{ ref('fct_account_revenue') }}
),

final as (
    select
        account_features.account_id,
        account_features.feature,
        {{ as_of_date() }} as as_of_date,
        accounts.account_name,
        accounts.segment,
        accounts.csm_id,
        account_features.product_id,
        account_features.is_key_feature,
        account_features.is_entitled,
        account_features.active_users,
        account_features.events,
        account_features.active_days,
        account_features.last_used_on,
        account_features.depth,
        account_features.seats,
        account_features.share_of_seats,
        cast(coalesce(revenue.arr, 0) as decimal(18, 2)) as arr
    from account_features
    inner join accounts
        on account_features.account_id = accounts.account_id
    left outer join revenue
        on account_features.account_id = revenue.account_id
)

select * from final
