-- Grain: one row per closed month, segment_type and segment_value: rates as they were reported.
{% set measures = [
    'opening_accounts', 'retained_accounts', 'opening_arr', 'retained_arr',
    'retained_arr_capped', 'nrr', 'grr', 'logo_retention', 'nrr_trailing_12m',
    'grr_trailing_12m', 'gross_mrr_churn_monthly', 'net_mrr_churn_monthly', 'nrr_bridge',
    'metric_policy',
] %}

with retention as (
    select
        close_month,
        segment_type,
        segment_value,
        {{ measures | join(',\n        ') }}
    from {{ ref('int_ledger_retention') }}
),

closes as (
    select
        close_month,
        closed_at,
        closed_by,
        definition_version,
        content_hash
    from {{ ref('int_ledger_closes') }}
),

final as (
    select
        retention.close_month,
        retention.segment_type,
        retention.segment_value,
        {{ each_column(measures, 'retention.@') }},
        closes.closed_at,
        closes.closed_by,
        closes.definition_version,
        closes.content_hash
    from retention
    inner join closes
        on retention.close_month = closes.close_month
)

select * from final
