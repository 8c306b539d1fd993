-- Grain: one row per month from the first closed one on, segment_type and segment_value.
-- Opening is the closing as reported of the month before.
{% set measures = [
    'opening_arr', 'new_arr', 'expansion_arr', 'contraction_arr', 'churn_arr',
    'reactivation_arr', 'fx_arr', 'transfer_arr', 'prior_period_adjustment_arr', 'closing_arr',
] %}

with account_months as (
    select
        month,
        is_closed,
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
    from {{ ref('fct_account_month_as_reported') }}
),

cuts as (
    select
        month,
        is_closed,
        {{ segment_keys() }},
        {{ each_column(measures, 'sum(@) as @') }}
    from account_months
    group by {{ segment_grouping_sets(['month', 'is_closed']) }}
),

final as (
    select
        month,
        segment_type,
        segment_value,
        {{ each_column(measures, 'cast(@ as decimal(18, 2)) as @') }},
        is_closed
    from cuts
)

select * from final
