-- Grain: one row per month, segment_type and segment_value.
with account_months as (
    select
        month,
        is_complete,
        opening_arr,
        new_arr,
        expansion_arr,
        contraction_arr,
        churn_arr,
        reactivation_arr,
        fx_arr,
        transfer_arr,
        prior_period_adjustment_arr,
        closing_arr,
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

cuts as (
    select
        month,
        is_complete,
        {{ segment_keys() }},
        sum(opening_arr) as opening_arr,
        sum(new_arr) as new_arr,
        sum(expansion_arr) as expansion_arr,
        sum(contraction_arr) as contraction_arr,
        sum(churn_arr) as churn_arr,
        sum(reactivation_arr) as reactivation_arr,
        sum(fx_arr) as fx_arr,
        sum(transfer_arr) as transfer_arr,
        sum(prior_period_adjustment_arr) as prior_period_adjustment_arr,
        sum(closing_arr) as closing_arr
    from account_months
    group by {{ segment_grouping_sets(['month', 'is_complete']) }}
),

final as (
    select
        month,
        segment_type,
        segment_value,
        cast(opening_arr as decimal(18, 2)) as opening_arr,
        cast(new_arr as decimal(18, 2)) as new_arr,
        cast(expansion_arr as decimal(18, 2)) as expansion_arr,
        cast(contraction_arr as decimal(18, 2)) as contraction_arr,
        cast(churn_arr as decimal(18, 2)) as churn_arr,
        cast(reactivation_arr as decimal(18, 2)) as reactivation_arr,
        cast(fx_arr as decimal(18, 2)) as fx_arr,
        cast(transfer_arr as decimal(18, 2)) as transfer_arr,
        cast(prior_period_adjustment_arr as decimal(18, 2)) as prior_period_adjustment_arr,
        cast(closing_arr as decimal(18, 2)) as closing_arr,
        cast(
            (new_arr + expansion_arr + reactivation_arr)
            / nullif(-(churn_arr + contraction_arr), 0) as double
        ) as quick_ratio,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from cuts
)

select * from final
