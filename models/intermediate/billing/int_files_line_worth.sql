-- Grain: one row per subscription item and first day of a version that holds on any day (files):
-- until when it holds, in what currency, and what it is worth.
-- ARR net of the discounts of a day, whatever the status of the subscription: on the first day of
-- the version, on its last one (`arr_local_at_end`), and at the plan rate on the as-of date where
-- it is in force then, else on its first day. What lies ahead is there too.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}
{% set never = "cast('9999-12-31' as date)" %}

with items as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        least(
            coalesce(valid_to, {{ never }}),
            coalesce(
                lead(valid_from) over (
                    partition by subscription_item_id order by valid_from
                ),
                {{ never }}
            )
        ) as version_end,
        plan_id,
        product_id,
        billing_interval,
        interval_count,
        coalesce(discount_percent, 0) as percent_off,
        coalesce(discount_amount, 0) as amount_off,
        -- `once` coupons change an invoice, not ARR; the policy `gross` counts no discount at all.
        case
            when discount_duration = 'once' or '{{ var("discount_policy") }}' <> 'net'
                then valid_from
            else coalesce(discount_until, {{ never }})
        end as discount_to,
        {{ gross_interval_amount('unit_amount', 'quantity') }} as gross_amount
    from {{ ref('int_files_items') }}
    where coalesce(valid_to > valid_from, true)
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
        product_id,
        currency
    from {{ ref('int_files_plans') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

annual as (
    select
        *,
        coalesce(valid_from <= {{ as_of_date() }} and version_end > {{ as_of_date() }}, false)
            as is_in_force,
        {{ annualise('gross_amount', 'billing_interval', 'interval_count') }} as list_arr,
        {{ annualise(
            net_interval_amount(
                rounded(
                    'gross_amount * cast(1 - percent_off / 100.0 as decimal(18, 8))', 12,
                    'decimal(28, 4)'
                ), 'amount_off', 'gross_amount < 0'
            ), 'billing_interval', 'interval_count'
        ) }} as net_arr
    from items
),

valued as (
    select
        *,
        case when valid_from < discount_to then net_arr else list_arr end as arr_local,
        case when version_end <= discount_to then net_arr else list_arr end as arr_local_at_end,
        case
            when
                valid_from < discount_to
                and (not is_in_force or {{ as_of_date() }} < discount_to)
                then net_arr
            else list_arr
        end as arr_local_now
    from annual
),

final as (
    select
        valued.subscription_item_id,
        valued.subscription_id,
        valued.valid_from,
        valued.version_end,
        valued.is_in_force,
        coalesce(valued.product_id, plans.product_id) as product_id,
        valued.plan_id,
        coalesce(subscriptions.currency, plans.currency, '{{ var("reporting_currency") }}')
            as currency,
        valued.arr_local,
        valued.arr_local_at_end,
        cast(valued.arr_local_now * plan_rates.plan_rate as decimal(18, 2)) as arr
    from valued
    left outer join subscriptions
        on valued.subscription_id = subscriptions.subscription_id
    left outer join plans
        on valued.plan_id = plans.plan_id
    left outer join plan_rates
        on
            coalesce(
                subscriptions.currency, plans.currency, '{{ var("reporting_currency") }}'
            ) = plan_rates.currency
)

select * from final
