-- Grain: one row per Stripe subscription and way in which its discounts are not known in full.
-- Unknown: no object has the coupon and no bill shows the discount, so the line counts gross. Other
-- currency: the coupon has no amount in the currency of the subscription. Unknown duration: counted
-- while the subscription has it. What lines in force at the as-of date bear is an error: their ARR
-- is too high by an unknown amount. Trials and what was never paid bear no ARR and need none.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with line_discounts as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        discount_id,
        told_by,
        duration,
        discount_from,
        discount_to
    from {{ ref('int_stripe_line_discounts') }}
    where
        told_by in ('nothing', 'other_currency')
        or duration not in ('forever', 'repeating')
),

versions as (
    select
        subscription_item_id,
        valid_from,
        valid_to,
        customer_id,
        currency,
        {{ annualise(
            'coalesce(interval_amount, ' ~ gross_interval_amount('unit_amount', 'quantity') ~ ')',
            'billing_interval', 'interval_count'
        ) }} as gross_arr
    from {{ ref('int_stripe_line_versions') }}
    where {{ is_billable_status('status') }}
),

discounts as (
    select
        discount_id,
        max(coupon_id) as coupon_id,
        string_agg(currency, ', ' order by currency) as currencies
    from {{ ref('int_stripe_discounts') }}
    group by discount_id
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

customers as (
    select
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
    where source_system = 'stripe'
),

borne as (
    select
        line_discounts.subscription_item_id,
        line_discounts.subscription_id,
        line_discounts.discount_id,
        line_discounts.discount_from,
        case line_discounts.told_by
            when 'nothing' then 'discount_unknown'
            when 'other_currency' then 'discount_currency_unknown'
            else 'discount_duration_unknown'
        end as gap,
        versions.customer_id,
        line_discounts.discount_id || coalesce(' (coupon ' || discounts.coupon_id || ')', '')
            as discount,
        case line_discounts.told_by
            when 'other_currency'
                then
                    versions.currency || ', and there are amounts in ' || discounts.currencies
                    || ' only'
            else line_discounts.duration
        end as value_found,
        cast(versions.gross_arr * plan_rates.plan_rate as decimal(18, 2)) as gross_arr,
        line_discounts.discount_from <= {{ as_of_date() }}
        and coalesce(line_discounts.discount_to > {{ as_of_date() }}, true)
        and coalesce(versions.valid_to > {{ as_of_date() }}, true) as is_in_force
    from line_discounts
    inner join versions
        on
            line_discounts.subscription_item_id = versions.subscription_item_id
            and line_discounts.valid_from = versions.valid_from
    left outer join discounts
        on line_discounts.discount_id = discounts.discount_id
    left outer join plan_rates
        on versions.currency = plan_rates.currency
),

-- What a line was worth when it last had one of them.
lines as (
    select
        subscription_id,
        gap,
        subscription_item_id,
        max_by(gross_arr, discount_from) as gross_arr
    from borne
    group by
        subscription_id,
        gap,
        subscription_item_id
),

line_sums as (
    select
        subscription_id,
        gap,
        count(*) as row_count,
        cast(sum(gross_arr) as decimal(18, 2)) as arr_affected
    from lines
    group by
        subscription_id,
        gap
),

summed as (
    select
        subscription_id,
        gap,
        min(discount) as discount,
        count(distinct discount_id) as discounts,
        min_by(value_found, discount) as value_found,
        max(customer_id) as customer_id,
        min(discount_from) as since,
        bool_or(is_in_force) as is_in_force
    from borne
    group by
        subscription_id,
        gap
),

final as (
    select
        'stripe' as source_system,
        'subscription' as object_type,
        summed.subscription_id as object_id,
        summed.gap,
        'Subscription ' || summed.subscription_id || ' has the discount ' || summed.discount
        || case
            when summed.discounts > 1
                then ' and ' || cast(summed.discounts - 1 as varchar) || ' more'
            else ''
        end
        || case summed.gap
            when 'discount_unknown'
                then ', and nothing tells what it takes off; it counts at its gross price.'
            when 'discount_currency_unknown'
                then ' and is billed in ' || summed.value_found || '; it counts at its gross price.'
            else
                ' of the duration ' || summed.value_found
                || ', which is none of forever, repeating, once; it is taken off while it is there.'
        end as what_is_missing,
        customers.account_id,
        cast(line_sums.row_count as bigint) as row_count,
        line_sums.arr_affected,
        summed.since,
        case summed.gap
            when 'discount_unknown'
                then
                    'Export subscriptions with expand[]=data.discounts.source.coupon (before API'
                    || ' version 2025-09-30 expand[]=data.discounts), or deliver coupons, or'
                    || ' invoice lines with their discount_amounts.'
            when 'discount_currency_unknown'
                then
                    'Export subscriptions with'
                    || ' expand[]=data.discounts.source.coupon.currency_options, or give the coupon'
                    || ' an amount in the currency of the subscription.'
            else 'Look the coupon up in Stripe and deliver it as Stripe writes it.'
        end as remedy,
        case
            when summed.gap <> 'discount_duration_unknown' and summed.is_in_force then 'error'
            else 'warning'
        end as severity
    from summed
    inner join line_sums
        on
            summed.subscription_id = line_sums.subscription_id
            and summed.gap = line_sums.gap
    left outer join customers
        on summed.customer_id = customers.system_key
)

select * from final
