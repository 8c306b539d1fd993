-- Grain: one row per closed month and account, as reported.
with closes as (
    select close_month
    from {{ ref('int_ledger_closes') }}
),

account_months as (
    select
        close_month,
        account_id,
        opening_arr,
        closing_arr,
        movement,
        new_arr,
        expansion_arr,
        contraction_arr,
        churn_arr,
        reactivation_arr,
        fx_arr,
        transfer_arr,
        prior_period_adjustment_arr,
        segment,
        region,
        country,
        industry,
        csm_id,
        size_band,
        plan,
        product,
        start_year,
        metric_policy
    from {{ ref('stg_ledger__account_months') }}
),

final as (
    select account_months.*
    from account_months
    inner join closes
        on account_months.close_month = closes.close_month
)

select * from final
