-- Grain: one row per contract line and month in which something about it changed.
-- What the line was at the snapshot of the month before and at that of the month; the months
-- between two rows of a line are like the first. base_account_id is the account that the line
-- belongs to at its close: where it is another than at the opening, the opening ARR was transferred
-- to it, and opening to closing is a movement of that account. Both are at the plan rate; fx_arr is
-- what the rate of the booking adds to it (fx_mode as_booked).
{% set plan_arr = arr_at_plan_rate() %}

with states as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        changed_on,
        owned_from,
        subscription_id,
        account_id,
        quantity,
        unit_amount,
        currency,
        billing_interval,
        interval_count,
        price_share,
        amount_off,
        is_suspended,
        is_free,
        version_from,
        product_id,
        plan,
        arr_constant,
        arr,
        {{ snapshot_month('valid_from') }} as month
    from {{ ref('int_arr_line_states') }}
),

-- A state that began and was over before the snapshot of its month never shows.
snapshots as (
    select *
    from states
    where month <= cast({{ dbt.date_trunc('month', as_of_date()) }} as date)
    qualify
        lead(month) over (partition by source_system, subscription_item_id order by valid_from)
        is distinct from month
),

compared as (
    select
        source_system,
        subscription_item_id,
        subscription_id,
        month,
        changed_on as effective_on,
        owned_from as transferred_on,
        lag(account_id) over history as opening_account_id,
        account_id as closing_account_id,
        lag(quantity) over history as opening_quantity,
        quantity as closing_quantity,
        lag(unit_amount) over history as opening_unit_amount,
        unit_amount as closing_unit_amount,
        lag(currency) over history as opening_currency,
        currency as closing_currency,
        lag(billing_interval) over history as opening_billing_interval,
        billing_interval as closing_billing_interval,
        lag(interval_count) over history as opening_interval_count,
        interval_count as closing_interval_count,
        lag(price_share) over history as opening_price_share,
        price_share as closing_price_share,
        lag(amount_off) over history as opening_amount_off,
        amount_off as closing_amount_off,
        lag(is_suspended) over history as opening_is_suspended,
        is_suspended as closing_is_suspended,
        lag(is_free) over history as opening_is_free,
        is_free as closing_is_free,
        lag(version_from) over history as opening_version_from,
        version_from as closing_version_from,
        lag(product_id) over history as opening_product_id,
        product_id as closing_product_id,
        lag(plan) over history as opening_plan,
        plan as closing_plan,
        coalesce(lag({{ plan_arr }}) over history, 0) as opening_arr,
        {{ plan_arr }} as closing_arr,
        coalesce(lag(arr - {{ plan_arr }}) over history, 0) as opening_fx_arr,
        arr - {{ plan_arr }} as closing_fx_arr
    from snapshots
    window history as (partition by source_system, subscription_item_id order by month)
),

-- A state that only repeats the one before it is no change.
changed as (
    select
        *,
        lead(month) over (
            partition by source_system, subscription_item_id order by month
        ) as next_month
    from compared
    where {{ snapshot_month('effective_on') }} = month
),

final as (
    select
        source_system,
        subscription_item_id,
        subscription_id,
        month,
        next_month,
        effective_on,
        closing_account_id as base_account_id,
        case
            when opening_account_id <> closing_account_id
                then transferred_on
        end as transferred_on,
        opening_account_id,
        closing_account_id,
        opening_quantity,
        closing_quantity,
        opening_unit_amount,
        closing_unit_amount,
        opening_currency,
        closing_currency,
        opening_billing_interval,
        closing_billing_interval,
        opening_interval_count,
        closing_interval_count,
        opening_price_share,
        closing_price_share,
        opening_amount_off,
        closing_amount_off,
        opening_version_from,
        closing_version_from,
        opening_product_id,
        closing_product_id,
        opening_plan,
        closing_plan,
        coalesce(opening_is_suspended, false) as opening_is_suspended,
        closing_is_suspended,
        coalesce(opening_is_free, false) as opening_is_free,
        closing_is_free,
        opening_arr,
        closing_arr,
        opening_fx_arr,
        closing_fx_arr
    from changed
)

select * from final
