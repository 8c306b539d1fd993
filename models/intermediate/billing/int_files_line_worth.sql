-- Grain: one row per subscription item and first day of a version (files): what it is worth.
-- ARR at the plan rate, net of discounts that last, whatever the status of the subscription: what a
-- gap touches is weighed by it.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}

with delivered as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        valid_to,
        plan_id,
        quantity,
        unit_amount,
        billing_interval,
        interval_count,
        discount_percent,
        discount_amount,
        discount_duration
    from {{ ref('int_files_items') }}
),

items as (
    select
        *,
        least(
            coalesce(valid_to, cast('9999-12-31' as date)),
            coalesce(
                lead(valid_from) over (
                    partition by subscription_item_id order by valid_from
                ),
                cast('9999-12-31' as date)
            )
        ) as version_end
    from delivered
),

subscriptions as (
    select
        subscription_id,
        currency
    from {{ ref('stg_files__subscriptions') }}
),

plans as (
    select
        plan_id,
        currency
    from {{ ref('int_files_plans') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

final as (
    select
        items.subscription_item_id,
        items.subscription_id,
        items.valid_from,
        items.version_end,
        (
            items.valid_from <= {{ as_of_date() }} and items.version_end > {{ as_of_date() }}
        ) as is_in_force,
        {{ line_arr(
            'items.quantity', 'items.unit_amount', 'items.billing_interval',
            'items.interval_count',
            "(case when items.discount_duration = 'once' then 1"
            ~ " else 1 - coalesce(items.discount_percent, 0) / 100.0 end)",
            "(case when items.discount_duration = 'once' then 0"
            ~ " else coalesce(items.discount_amount, 0) end)",
            'plan_rates.plan_rate',
            '(sign(items.quantity) * sign(items.unit_amount) < 0)'
        ) }} as arr
    from items
    left outer join subscriptions
        on items.subscription_id = subscriptions.subscription_id
    left outer join plans
        on items.plan_id = plans.plan_id
    left outer join plan_rates
        on
            coalesce(
                subscriptions.currency, plans.currency, '{{ var("reporting_currency") }}'
            ) = plan_rates.currency
)

select * from final
