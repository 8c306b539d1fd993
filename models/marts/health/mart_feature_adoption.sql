-- Grain: one row per month and feature: who has it, who uses it, and what they pay.
-- Accounts that matched no CRM account are left out: what they have bought is not known.
with account_features as (
    select
        account_id,
        month,
        feature,
        product_id,
        is_key_feature,
        is_entitled,
        is_activated,
        events,
        active_users,
        arr
    from {{ ref('fct_account_feature_month') }}
    where account_id <> 'unassigned'
),

months as (
    select
        month,
        feature,
        product_id,
        is_key_feature,
        cast(count_if(is_entitled) as bigint) as accounts_entitled,
        cast(count_if(events > 0) as bigint) as accounts_active,
        cast(count_if(is_activated) as bigint) as accounts_activated,
        sum(events) as events,
        case when count_if(active_users is null) = 0 then sum(active_users) end as users_active,
        sum(case when events > 0 then arr else 0 end) as arr_using,
        sum(case when is_entitled and events = 0 then arr else 0 end) as arr_not_using
    from account_features
    group by
        month,
        feature,
        product_id,
        is_key_feature
),

rated as (
    select
        *,
        cast(accounts_activated as double) / nullif(accounts_entitled, 0) as adoption_rate
    from months
),

compared as (
    select
        now.month,
        now.feature,
        now.product_id,
        now.is_key_feature,
        now.accounts_entitled,
        now.accounts_active,
        now.accounts_activated,
        now.users_active,
        now.events,
        now.adoption_rate,
        now.arr_using,
        now.arr_not_using,
        before.adoption_rate as adoption_rate_before,
        before.accounts_active as accounts_active_before,
        before.users_active as users_active_before
    from rated as now
    left outer join rated as before
        on
            now.feature = before.feature
            and before.month = cast({{ dbt.dateadd('month', -1, 'now.month') }} as date)
),

final as (
    select
        month,
        feature,
        product_id,
        is_key_feature,
        cast({{ dbt.last_day('month', 'month') }} as date) <= {{ as_of_date() }} as is_complete,
        accounts_entitled,
        accounts_active,
        accounts_activated,
        cast(users_active as bigint) as users_active,
        cast(events as bigint) as events,
        adoption_rate,
        adoption_rate - adoption_rate_before as adoption_rate_change,
        accounts_active - accounts_active_before as accounts_active_change,
        cast(users_active - users_active_before as bigint) as users_active_change,
        cast(arr_using as decimal(18, 2)) as arr_using,
        cast(arr_not_using as decimal(18, 2)) as arr_not_using
    from compared
)

select * from final
