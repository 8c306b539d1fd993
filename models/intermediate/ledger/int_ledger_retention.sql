-- Grain: one row per closed month, segment_type and segment_value, as reported.
with closes as (
    select close_month
    from {{ ref('int_ledger_closes') }}
),

retention as (
    select
        close_month,
        segment_type,
        segment_value,
        opening_accounts,
        retained_accounts,
        opening_arr,
        retained_arr,
        retained_arr_capped,
        nrr,
        grr,
        logo_retention,
        nrr_trailing_12m,
        grr_trailing_12m,
        gross_mrr_churn_monthly,
        net_mrr_churn_monthly,
        nrr_bridge,
        metric_policy
    from {{ ref('stg_ledger__retention') }}
),

final as (
    select retention.*
    from retention
    inner join closes
        on retention.close_month = closes.close_month
)

select * from final
