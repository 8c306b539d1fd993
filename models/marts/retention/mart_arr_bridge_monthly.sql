-- Grain: one row per month, segment_type and segment_value.
{% set measures = [
    'opening_arr', 'new_arr', 'expansion_arr', 'contraction_arr', 'churn_arr',
    'reactivation_arr', 'fx_arr', 'transfer_arr', 'prior_period_adjustment_arr', 'closing_arr',
    'closing_arr_constant', 'closing_arr_as_booked',
] %}

with account_months as (
    select
        month,
        is_complete,
        {{ each_column(measures, '@') }},
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
        {{ each_column(measures, 'sum(@) as @') }}
    from account_months
    group by {{ segment_grouping_sets(['month', 'is_complete']) }}
),

final as (
    select
        month,
        segment_type,
        segment_value,
        {{ each_column(measures, 'cast(@ as decimal(18, 2)) as @') }},
        cast(
            (new_arr + expansion_arr + reactivation_arr)
            / nullif(-(churn_arr + contraction_arr), 0) as double
        ) as quick_ratio,
        is_complete,
        '{{ metric_policy() }}' as metric_policy
    from cuts
)

select * from final
