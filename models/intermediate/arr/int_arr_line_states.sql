-- Grain: one row per contract line and day from which another state of it holds.
-- The ledger's intervals up to the as-of date, with a state without ARR from the day on which a
-- line ended. A line has no gaps from its first day on, so the row before is the state before.
-- Billing writes a version per period: one that repeats the state before it has no row, unless it
-- has discounts of its own. changed_on is the day since which nothing that makes ARR differs,
-- owned_from that since which it belongs to its account.
{{ config(materialized='view') }}

with intervals as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_to,
        version_from,
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
        is_on_hold and not is_billable as is_suspended,
        is_free,
        arr_constant,
        arr
    from {{ ref('int_arr_line_intervals') }}
    where valid_from <= {{ as_of_date() }}
),

plans as (
    select
        source_system,
        plan_id,
        plan_name
    from {{ ref('int_billing_plans') }}
),

-- A plan is known by its name, else by its id. A Stripe price is no plan: one of another amount has
-- an id of its own, so that without a name it is told apart by product and interval alone.
named as (
    select
        intervals.*,
        case
            when intervals.source_system <> 'stripe'
                then coalesce(plans.plan_name, intervals.plan_id)
            when plans.plan_name <> plans.plan_id then plans.plan_name
        end as plan
    from intervals
    left outer join plans
        on
            intervals.source_system = plans.source_system
            and intervals.plan_id = plans.plan_id
),

-- Lines that nothing follows on the day they end.
ends as (
    select
        named.source_system,
        named.subscription_item_id,
        named.valid_to as valid_from,
        named.version_from,
        named.account_id,
        named.subscription_id,
        named.product_id,
        named.plan,
        named.quantity,
        named.unit_amount,
        named.currency,
        named.billing_interval,
        named.interval_count,
        named.price_share,
        named.amount_off,
        false as is_suspended,
        false as is_free,
        cast(0 as decimal(18, 2)) as arr_constant,
        cast(0 as decimal(18, 2)) as arr
    from named
    left outer join named as following
        on
            named.source_system = following.source_system
            and named.subscription_item_id = following.subscription_item_id
            and named.valid_to = following.valid_from
    where
        named.valid_to <= {{ as_of_date() }}
        and following.subscription_item_id is null
),

states as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        version_from,
        account_id,
        subscription_id,
        product_id,
        plan,
        quantity,
        unit_amount,
        currency,
        billing_interval,
        interval_count,
        price_share,
        amount_off,
        is_suspended,
        is_free,
        arr_constant,
        arr
    from named
    union all
    select * from ends
),

flagged as (
    select
        *,
        (
            row_number() over history = 1
            or account_id is distinct from lag(account_id) over history
            or subscription_id is distinct from lag(subscription_id) over history
            or product_id is distinct from lag(product_id) over history
            or plan is distinct from lag(plan) over history
            or quantity is distinct from lag(quantity) over history
            or unit_amount is distinct from lag(unit_amount) over history
            or currency is distinct from lag(currency) over history
            or billing_interval is distinct from lag(billing_interval) over history
            or interval_count is distinct from lag(interval_count) over history
            or price_share is distinct from lag(price_share) over history
            or amount_off is distinct from lag(amount_off) over history
            or is_suspended is distinct from lag(is_suspended) over history
            or is_free is distinct from lag(is_free) over history
            or arr is distinct from lag(arr) over history
        ) as is_change,
        (account_id is distinct from lag(account_id) over history) as is_owned_anew,
        (
            (price_share <> 1 or amount_off > 0)
            and version_from is distinct from lag(version_from) over history
        ) as is_discounted_anew
    from states
    window history as (
        partition by source_system, subscription_item_id
        order by valid_from
    )
),

final as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        version_from,
        account_id,
        subscription_id,
        product_id,
        plan,
        quantity,
        unit_amount,
        currency,
        billing_interval,
        interval_count,
        price_share,
        amount_off,
        is_suspended,
        is_free,
        arr_constant,
        arr,
        max(case when is_change then valid_from end) over (
            partition by source_system, subscription_item_id
            order by valid_from
        ) as changed_on,
        max(case when is_owned_anew then valid_from end) over (
            partition by source_system, subscription_item_id
            order by valid_from
        ) as owned_from
    from flagged
    where is_change or is_discounted_anew
)

select * from final
