-- Grain: one row per closed month, segment_type and segment_value: rates as they were reported.
with final as (
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
        metric_policy,
        closed_at,
        closed_by,
        definition_version,
        content_hash
    from {{ ref('fct_retention_as_reported') }}
)

select * from final
