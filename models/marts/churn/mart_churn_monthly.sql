-- Grain: one row per month, segment_type and segment_value.
with account_months as (
    select
        account_id,
        month,
        is_complete,
        movement,
        opening_arr,
        churn_arr,
        contraction_arr,
        expansion_arr,
        reactivation_arr,
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
        is_voluntary,
        is_controllable
    from {{ ref('fct_churn_event') }}
),

flagged as (
    select
        account_months.*,
        -- Revenue without a customer counts as revenue, not as a logo.
        account_months.account_id <> 'unassigned' as is_logo,
        account_months.movement = 'churn' as is_churned,
        churn_events.is_voluntary,
        churn_events.is_controllable
    from account_months
    left outer join churn_events
        on
            account_months.account_id = churn_events.account_id
            and account_months.month = churn_events.month
),

cuts as (
    select
        month,
        is_complete,
        {{ segment_keys() }},
        count_if(is_logo and opening_arr > 0) as opening_accounts,
        count_if(is_logo and is_churned) as churned_accounts,
        sum(opening_arr) as opening_arr,
        -sum(churn_arr) as churned_arr,
        -sum(churn_arr + contraction_arr) as lost_arr,
        sum(expansion_arr + reactivation_arr) as gained_arr,
        count_if(is_logo and is_churned and not is_voluntary) as involuntary_accounts,
        count_if(is_logo and is_churned and is_controllable) as controllable_accounts,
        sum(case when not is_voluntary then -churn_arr else 0 end) as involuntary_arr,
        sum(case when is_controllable then -churn_arr else 0 end) as controllable_arr
    from flagged
    group by {{ segment_grouping_sets(['month', 'is_complete']) }}
),

final as (
    select
        month,
        segment_type,
        segment_value,
        cast(opening_accounts as bigint) as opening_accounts,
        cast(churned_accounts as bigint) as churned_accounts,
        cast(churned_accounts as double) / nullif(opening_accounts, 0) as logo_churn,
        cast(opening_arr as decimal(18, 2)) as opening_arr,
        cast(churned_arr as decimal(18, 2)) as churned_arr,
        cast(lost_arr / nullif(opening_arr, 0) as double) as gross_revenue_churn,
        cast((lost_arr - gained_arr) / nullif(opening_arr, 0) as double) as net_revenue_churn,
        cast(involuntary_accounts as bigint) as involuntary_accounts,
        cast(controllable_accounts as bigint) as controllable_accounts,
        cast(involuntary_arr as decimal(18, 2)) as involuntary_arr,
        cast(controllable_arr as decimal(18, 2)) as controllable_arr,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from cuts
)

select * from final
