-- Grain: one row per Stripe subscription and way in which its discounts are not known in full.
-- Without what it takes off, a line counts gross: an error where it is in force at the as-of date,
-- since its ARR is too high by an unknown amount. The rest is approximated: a warning.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with untold as (
    select
        subscription_id,
        subscription_item_id,
        gap,
        discount_id,
        discount,
        value_found,
        customer_id,
        gross_arr,
        discount_from,
        is_in_force
    from {{ ref('int_stripe_untold_discounts') }}
),

customers as (
    select
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
    where source_system = 'stripe'
),

-- What a line was worth when it last had one of them.
lines as (
    select
        subscription_id,
        gap,
        subscription_item_id,
        max_by(gross_arr, discount_from) as gross_arr
    from untold
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
    from untold
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
            when 'discount_days_unknown'
                then
                    ', of which only bills tell; '
                    || case summed.value_found
                        when 'once' then 'it was on one and counts for that one, not in ARR.'
                        else 'it counts with what it took off last, while bills have it.'
                    end
            when 'discount_products_unknown'
                then
                    ', of which only events tell, and they do not tell for which products it is; it'
                    || ' counts on all lines.'
            else
                ' of the duration ' || summed.value_found
                || ', which is none of forever, repeating, once; it is taken off while it is there.'
        end as what_is_missing,
        customers.account_id,
        cast(line_sums.row_count as bigint) as row_count,
        line_sums.arr_affected,
        summed.since,
        case summed.gap
            when 'discount_currency_unknown'
                then
                    'Export subscriptions with'
                    || ' expand[]=data.discounts.source.coupon.currency_options, or give the coupon'
                    || ' an amount in the currency of the subscription.'
            when 'discount_products_unknown'
                then 'Deliver coupons, exported with expand[]=data.applies_to.'
            when 'discount_duration_unknown'
                then 'Look the coupon up in Stripe and deliver it as Stripe writes it.'
            else
                'Export subscriptions with expand[]=data.discounts.source.coupon (before API'
                || ' version 2025-09-30 expand[]=data.discounts), or deliver coupons'
                || case
                    when summed.gap = 'discount_unknown'
                        then ', or invoice lines with their discount_amounts'
                    else ''
                end
                || '.'
        end as remedy,
        case
            when
                summed.gap in ('discount_unknown', 'discount_currency_unknown')
                and summed.is_in_force
                then 'error'
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
