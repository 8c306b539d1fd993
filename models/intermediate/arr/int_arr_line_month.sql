-- Grain: one row per contract line and month in which something about it changed.
-- What the line was at the snapshot of the month before and at that of the month; the months
-- between two rows of a line are like the first. base_account_id is the account that the opening
-- belongs to after a merge of the month: opening to closing is a movement of that account. Both
-- are at the plan rate; fx_arr is what the rate of the booking adds to it (fx_mode as_booked).
{% set plan_arr = arr_at_plan_rate() %}

with states as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        changed_on,
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
        version_from,
        product_id,
        plan,
        arr_constant,
        arr,
        {{ snapshot_month('valid_from') }} as month
    from {{ ref('int_arr_line_states') }}
),

account_merges as (
    select
        account_id,
        survivor_account_id,
        merged_on,
        {{ snapshot_month('merged_on') }} as month
    from {{ ref('int_account_survivors') }}
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
        changed.source_system,
        changed.subscription_item_id,
        changed.subscription_id,
        changed.month,
        changed.next_month,
        changed.effective_on,
        coalesce(
            account_merges.survivor_account_id,
            changed.opening_account_id,
            changed.closing_account_id
        ) as base_account_id,
        account_merges.merged_on,
        changed.opening_account_id,
        changed.closing_account_id,
        changed.opening_quantity,
        changed.closing_quantity,
        changed.opening_unit_amount,
        changed.closing_unit_amount,
        changed.opening_currency,
        changed.closing_currency,
        changed.opening_billing_interval,
        changed.closing_billing_interval,
        changed.opening_interval_count,
        changed.closing_interval_count,
        changed.opening_price_share,
        changed.closing_price_share,
        changed.opening_amount_off,
        changed.closing_amount_off,
        changed.opening_version_from,
        changed.closing_version_from,
        changed.opening_product_id,
        changed.closing_product_id,
        changed.opening_plan,
        changed.closing_plan,
        coalesce(changed.opening_is_suspended, false) as opening_is_suspended,
        changed.closing_is_suspended,
        changed.opening_arr,
        changed.closing_arr,
        changed.opening_fx_arr,
        changed.closing_fx_arr
    from changed
    left outer join account_merges
        on
            changed.opening_account_id = account_merges.account_id
            and changed.month = account_merges.month
)

select * from final
