-- Grain: one row per Stripe line version, discount that nobody tells in full, and day it is from.
-- What nobody tells: what it takes off, in the currency of the line, how long (a duration that
-- Stripe does not have), the days (it is read from bills), or for which products (only events have
-- it). Trials and what was never paid bear no ARR and need none.
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
    where told_by <> 'invoice_lines'
),

-- Also those that seem to be for one bill and so are on no line.
billed_discounts as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        discount_id,
        told_by,
        duration,
        active_from as discount_from,
        active_to as discount_to
    from {{ ref('int_stripe_discount_candidates') }}
    where
        told_by = 'invoice_lines'
        and is_of_line
        and active_from < active_to
),

unknown as (
    select * from line_discounts
    union all
    select * from billed_discounts
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
        bool_and(are_days_told) as are_days_told,
        bool_and(are_products_told) as are_products_told,
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

final as (
    select
        unknown.subscription_item_id,
        unknown.subscription_id,
        unknown.valid_from,
        unknown.discount_id,
        unknown.discount_from,
        case unknown.told_by
            when 'nothing' then 'discount_unknown'
            when 'other_currency' then 'discount_currency_unknown'
            when 'invoice_lines' then 'discount_days_unknown'
            else
                case
                    when unknown.duration in ('forever', 'repeating')
                        then 'discount_products_unknown'
                    else 'discount_duration_unknown'
                end
        end as gap,
        versions.customer_id,
        unknown.discount_id || coalesce(' (coupon ' || discounts.coupon_id || ')', '')
            as discount,
        case unknown.told_by
            when 'other_currency'
                then
                    versions.currency || ', and there are amounts in ' || discounts.currencies
                    || ' only'
            else unknown.duration
        end as value_found,
        cast(versions.gross_arr * plan_rates.plan_rate as decimal(18, 2)) as gross_arr,
        unknown.discount_from <= {{ as_of_date() }}
        and coalesce(unknown.discount_to > {{ as_of_date() }}, true)
        and coalesce(versions.valid_to > {{ as_of_date() }}, true) as is_in_force
    from unknown
    inner join versions
        on
            unknown.subscription_item_id = versions.subscription_item_id
            and unknown.valid_from = versions.valid_from
    left outer join discounts
        on unknown.discount_id = discounts.discount_id
    left outer join plan_rates
        on versions.currency = plan_rates.currency
    where
        unknown.told_by in ('nothing', 'other_currency')
        or (unknown.told_by = 'invoice_lines' and not discounts.are_days_told)
        or (
            unknown.told_by = 'object'
            and (
                unknown.duration not in ('forever', 'repeating')
                or not discounts.are_products_told
            )
        )
)

select * from final
