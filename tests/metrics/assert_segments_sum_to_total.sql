-- Every cut adds up to the total, in every measure that can be added up; what has no value for the
-- cut stands under `unassigned`.
{{ config(meta={'dagster': {'ref': {'name': 'mart_arr_bridge_monthly'}}}) }}
{% set measures = {
    'mart_arr_bridge_monthly': [
        'opening_arr', 'new_arr', 'expansion_arr', 'contraction_arr', 'churn_arr',
        'reactivation_arr', 'fx_arr', 'transfer_arr', 'prior_period_adjustment_arr', 'closing_arr',
    ],
    'mart_retention_monthly': [
        'opening_accounts', 'retained_accounts', 'opening_arr', 'retained_arr',
        'retained_arr_capped',
    ],
    'mart_churn_monthly': [
        'opening_accounts', 'churned_accounts', 'opening_arr', 'churned_arr',
        'involuntary_accounts', 'controllable_accounts', 'involuntary_arr', 'controllable_arr',
    ],
} %}

with measures as (
    {%- for mart, columns in measures.items() %}
    {%- for column in columns %}
    select
        '{{ mart }}.{{ column }}' as measure,
        month,
        segment_type,
        cast(sum({{ column }}) as decimal(28, 2)) as amount
    from {{ ref(mart) }}
    group by
        month,
        segment_type
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

totals as (
    select
        measure,
        month,
        amount
    from measures
    where segment_type = 'total'
)

select
    measures.measure,
    measures.month,
    measures.segment_type,
    measures.amount,
    totals.amount as total
from measures
inner join totals
    on
        measures.measure = totals.measure
        and measures.month = totals.month
where measures.amount <> totals.amount
