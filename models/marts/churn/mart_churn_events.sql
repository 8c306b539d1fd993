-- Grain: one row per account and churn_date.
with churn_events as (
    select
        account_id,
        month,
        churn_date,
        cancel_requested_at,
        arr_lost,
        reason,
        reason_text,
        reason_detail,
        is_voluntary,
        is_controllable,
        tenure_days,
        plan,
        csm_id
    from {{ ref('fct_churn_event') }}
),

account_months as (
    select
        account_id,
        month,
        movement,
        segment,
        region,
        product,
        is_complete
    from {{ ref('fct_account_month') }}
),

-- Null while the account stayed away.
returns as (
    select
        churn_events.account_id,
        churn_events.month,
        min(account_months.month) as returned_month
    from churn_events
    inner join account_months
        on
            churn_events.account_id = account_months.account_id
            and churn_events.month < account_months.month
    where account_months.movement = 'reactivation'
    group by
        churn_events.account_id,
        churn_events.month
),

warnings as (
    select
        account_id,
        month,
        band_90d_before,
        warning_lead_days
    from {{ ref('fct_churn_warning') }}
),

final as (
    select
        churn_events.account_id,
        churn_events.churn_date,
        churn_events.month,
        churn_events.cancel_requested_at,
        cast(
            {{ dbt.datediff('churn_events.cancel_requested_at', 'churn_events.churn_date', 'day') }}
            as bigint
        ) as notice_days,
        churn_events.arr_lost,
        churn_events.reason,
        churn_events.reason_text,
        churn_events.reason_detail,
        churn_events.is_voluntary,
        churn_events.is_controllable,
        cast(churn_events.tenure_days as bigint) as tenure_days,
        returns.returned_month,
        churn_events.account_id <> 'unassigned' as is_logo,
        account_months.segment,
        account_months.region,
        churn_events.plan,
        account_months.product,
        churn_events.csm_id,
        warnings.band_90d_before,
        warnings.warning_lead_days,
        account_months.is_complete,
        '{{ metric_policy() }}' as metric_policy
    from churn_events
    inner join account_months
        on
            churn_events.account_id = account_months.account_id
            and churn_events.month = account_months.month
    left outer join returns
        on
            churn_events.account_id = returns.account_id
            and churn_events.month = returns.month
    left outer join warnings
        on
            churn_events.account_id = warnings.account_id
            and churn_events.month = warnings.month
)

select * from final
