-- Grain: one row per closed month and contract line that held at its end, as reported.
with closes as (
    select close_month
    from {{ ref('int_ledger_closes') }}
),

arr_lines as (
    select
        close_month,
        source_system,
        subscription_item_id,
        account_id,
        subscription_id,
        plan_id,
        quantity,
        unit_amount,
        currency,
        billing_interval,
        interval_count,
        price_share,
        amount_off,
        status,
        is_paused,
        arr_local,
        plan_rate,
        arr
    from {{ ref('stg_ledger__arr_lines') }}
),

final as (
    select arr_lines.*
    from arr_lines
    inner join closes
        on arr_lines.close_month = closes.close_month
)

select * from final
