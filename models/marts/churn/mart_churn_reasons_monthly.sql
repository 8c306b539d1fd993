-- Grain: one row per month, segment_type, segment_value and reason.
-- Only months and cuts in which something churned have rows.
with account_months as (
    select
        account_id,
        month,
        is_complete,
        segment,
        plan,
        product,
        region,
        country,
        industry,
        size_band,
        csm_id,
        start_year
    from {{ ref('fct_account_month') }}
),

churn_events as (
    select
        account_id,
        month,
        arr_lost,
        reason
    from {{ ref('fct_churn_event') }}
),

churned as (
    select
        account_months.*,
        -- Revenue without a customer counts as revenue, not as a logo.
        account_months.account_id <> 'unassigned' as is_logo,
        churn_events.arr_lost,
        churn_events.reason
    from account_months
    inner join churn_events
        on
            account_months.account_id = churn_events.account_id
            and account_months.month = churn_events.month
),

cuts as (
    select
        month,
        is_complete,
        reason,
        {{ segment_keys() }},
        count_if(is_logo) as churned_accounts,
        sum(arr_lost) as arr_lost
    from churned
    group by {{ segment_grouping_sets(['month', 'is_complete', 'reason']) }}
),

final as (
    select
        month,
        segment_type,
        segment_value,
        reason,
        cast(churned_accounts as bigint) as churned_accounts,
        cast(arr_lost as decimal(18, 2)) as arr_lost,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from cuts
)

select * from final
