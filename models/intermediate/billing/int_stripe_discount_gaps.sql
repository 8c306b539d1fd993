-- Grain: one row per Stripe subscription and discount whose effect on ARR nobody tells in full.
-- Unknown: no object has the coupon and no bill shows the discount, so the line counts gross. Other
-- currency: the coupon has no amount in the currency of the subscription. Unknown duration: counted
-- while the subscription has it. What lines in force at the as-of date bear is an error: their ARR is
-- too high by an unknown amount. Trials and what was never paid bear no ARR and need none.
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
        {{ gross_annual_amount(
            'unit_amount', 'quantity', 'billing_interval', 'interval_count'
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
        line_discounts.*,
        versions.customer_id,
        versions.currency,
        cast(versions.gross_arr * plan_rates.plan_rate as decimal(18, 2)) as gross_arr,
        line_discounts.discount_from <= {{ as_of_date() }}
        and coalesce(line_discounts.discount_to > {{ as_of_date() }}, true)
        and coalesce(versions.valid_to > {{ as_of_date() }}, true) as is_in_force,
        row_number() over (
            partition by line_discounts.subscription_item_id, line_discounts.discount_id
            order by line_discounts.discount_from desc
        ) as newest_first
    from line_discounts
    inner join versions
        on
            line_discounts.subscription_item_id = versions.subscription_item_id
            and line_discounts.valid_from = versions.valid_from
    left outer join plan_rates
        on versions.currency = plan_rates.currency
),

summed as (
    select
        subscription_id,
        discount_id,
        max(told_by) as told_by,
        max(duration) as duration,
        max(customer_id) as customer_id,
        max(currency) as currency,
        count(distinct subscription_item_id) as row_count,
        cast(sum(case when newest_first = 1 then gross_arr end) as decimal(18, 2)) as arr_affected,
        min(discount_from) as since,
        bool_or(is_in_force) as is_in_force
    from borne
    group by
        subscription_id,
        discount_id
),

judged as (
    select
        *,
        case
            when told_by = 'nothing' then 'discount_unknown'
            when told_by = 'other_currency' then 'discount_currency_unknown'
            else 'discount_duration_unknown'
        end as gap
    from summed
),

final as (
    select
        'stripe' as source_system,
        'subscription' as object_type,
        judged.subscription_id as object_id,
        judged.gap,
        case judged.gap
            when 'discount_unknown'
                then
                    'Subscription ' || judged.subscription_id || ' has the discount '
                    || judged.discount_id
                    || coalesce(' of the coupon ' || discounts.coupon_id, '')
                    || ', and nothing says what it takes off: the subscription counts gross.'
            when 'discount_currency_unknown'
                then
                    'Subscription ' || judged.subscription_id || ' is billed in '
                    || judged.currency || ', and its discount ' || judged.discount_id
                    || coalesce(' of the coupon ' || discounts.coupon_id, '')
                    || ' has amounts in ' || coalesce(discounts.currencies, 'none')
                    || ' only: the subscription counts gross.'
            else
                'Subscription ' || judged.subscription_id || ' has the discount '
                || judged.discount_id || ' with the duration "' || judged.duration
                || '", which is none of forever, repeating, once: it is taken off while the'
                || ' subscription has it.'
        end as what_is_missing,
        customers.account_id,
        cast(judged.row_count as bigint) as row_count,
        judged.arr_affected,
        judged.since,
        case judged.gap
            when 'discount_currency_unknown'
                then
                    'Export subscriptions with expand[]=data.discounts.source.coupon.currency_options,'
                    || ' or check the coupon in Stripe.'
            when 'discount_unknown'
                then
                    'Export subscriptions and customers with expand[]=data.discounts.source.coupon'
                    || ' (before API version 2025-09-30 expand[]=data.discounts), or deliver the'
                    || ' invoices that have the discount with their discount_amounts.'
            else 'Check the coupon of the discount in Stripe.'
        end as remedy,
        case
            when judged.gap = 'discount_duration_unknown' then 'warning'
            when judged.is_in_force then 'error'
            else 'warning'
        end as severity
    from judged
    left outer join discounts
        on judged.discount_id = discounts.discount_id
    left outer join customers
        on judged.customer_id = customers.system_key
)

select * from final
