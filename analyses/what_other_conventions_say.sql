-- One month by every convention the retention mart carries, so that a figure from elsewhere can be
-- recognised. Set the month with --vars 'nrr_month: 2025-12-01'.
with retention as (
    select *
    from {{ ref('mart_retention_monthly') }}
    where
        month = cast('{{ var("nrr_month", "2025-12-01") }}' as date)
        and segment_type = 'total'
),

final as (
    select
        'NRR, 12-month cohort (ours)' as convention,
        nrr as rate
    from retention
    union all
    select
        'GRR, 12-month cohort (ours)' as convention,
        grr as rate
    from retention
    union all
    select
        'NRR, 12 cohorts together' as convention,
        nrr_trailing_12m as rate
    from retention
    union all
    select
        'NRR from the bridge (counts customers won since)' as convention,
        nrr_bridge as rate
    from retention
    union all
    select
        '1 - net MRR churn of the month' as convention,
        1 - net_mrr_churn_monthly as rate
    from retention
    union all
    select
        '(1 - net MRR churn of the month) ^ 12, which is not a retention rate' as convention,
        power(1 - net_mrr_churn_monthly, 12) as rate
    from retention
)

select *
from final
