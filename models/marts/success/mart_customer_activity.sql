-- Grain: one row per account under contract at the as-of date: how active it is.
-- The table of logins, key features and warnings. The warning is that of the day; signal
-- low_activity of mart_risk_signals follows it with some delay, so as not to flap.
with inputs as (
    select
        account_id,
        date_day,
        logins_28d,
        active_users_28d,
        key_feature_activation
    from {{ ref('fct_account_health_input_day') }}
    where date_day = {{ as_of_date() }}
),

indexed as (
    select
        account_id,
        {{ activity_index('logins_28d', 'key_feature_activation') }} as activity_index
    from inputs
),

accounts as (
    select
        account_id,
        account_name,
        csm_id
    from {{ ref('dim_account') }}
),

limits as (
    select
        cast(open_at as double) as open_at,
        label
    from {{ ref('risk_signals') }}
    where signal = 'low_activity'
),

final as (
    select
        inputs.account_id,
        accounts.account_name,
        accounts.csm_id,
        cast(inputs.logins_28d as bigint) as login_count,
        cast(inputs.active_users_28d as bigint) as active_users,
        inputs.key_feature_activation,
        cast(
            case
                when indexed.activity_index <= limits.open_at then limits.label
                else 'none'
            end as varchar
        ) as abnormal_warning,
        inputs.date_day as as_of_date
    from inputs
    inner join indexed
        on inputs.account_id = indexed.account_id
    left outer join accounts
        on inputs.account_id = accounts.account_id
    left outer join limits
        on limits.open_at is not null
)

select * from final
