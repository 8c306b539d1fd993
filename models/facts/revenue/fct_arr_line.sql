-- Grain: one row per contract line and day from which its ARR holds (the ARR ledger, published).
with intervals as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_to,
        account_id,
        subscription_id,
        product_id,
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
        booked_on,
        booked_rate,
        arr_as_booked,
        arr
    from {{ ref('int_arr_line_intervals') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

final as (
    select
        intervals.source_system,
        intervals.subscription_item_id,
        intervals.valid_from,
        intervals.valid_to,
        intervals.account_id,
        intervals.subscription_id,
        intervals.product_id,
        intervals.plan_id,
        intervals.quantity,
        intervals.unit_amount,
        intervals.currency,
        intervals.billing_interval,
        cast(intervals.interval_count as integer) as interval_count,
        intervals.price_share,
        intervals.amount_off,
        intervals.status,
        intervals.is_paused,
        intervals.arr_local,
        plan_rates.plan_rate,
        intervals.booked_on,
        intervals.booked_rate,
        intervals.arr_as_booked,
        intervals.arr
    from intervals
    left outer join plan_rates
        on intervals.currency = plan_rates.currency
)

select * from final
