-- Grain: one row per Stripe subscription and discount that only lines of its invoices tell.
-- On one billing period it was a `once` coupon, which Stripe takes off the subscription with its
-- invoice. On several, or when the subscription has it on a later day, it lasted from the first
-- period (or since the subscription has it) to the end of the last, or goes on where that is the
-- last that was billed. Whole and half per cents are a percentage, else an amount. A percentage
-- that other items of the period do not have is of its item.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with whole_periods as (
    select
        subscription_id,
        invoice_id,
        line_item_id,
        subscription_item_id,
        amount,
        currency,
        issued_at,
        period_start,
        period_end,
        count(*) over (partition by subscription_id, period_start) as lines_in_period,
        max(period_start) over (partition by subscription_id) as last_billed_on
    from {{ ref('int_stripe_recurring_lines') }}
    where
        is_whole_period
        and amount > 0
        and subscription_id is not null
),

line_discounts as (
    select
        invoice_id,
        line_item_id,
        discount_id,
        amount,
        amount_minor
    from {{ ref('stg_stripe__invoice_line_discounts') }}
    where
        discount_id is not null
        and amount_minor <> 0
),

listed as (
    select
        subscription_id,
        discount_id,
        first_seen_at,
        last_seen_at
    from {{ ref('int_stripe_listed_discounts') }}
),

told as (
    select discount_id
    from {{ ref('int_stripe_told_discounts') }}
),

taken_off as (
    select
        whole_periods.subscription_id,
        whole_periods.subscription_item_id,
        whole_periods.currency,
        whole_periods.issued_at,
        whole_periods.period_start,
        whole_periods.period_end,
        whole_periods.lines_in_period,
        whole_periods.last_billed_on,
        line_discounts.discount_id,
        line_discounts.amount_minor,
        round(line_discounts.amount * 200.0 / whole_periods.amount) / 2 as percent_off,
        whole_periods.amount,
        line_discounts.amount as discount_amount,
        line_discounts.amount / line_discounts.amount_minor as minor_unit
    from whole_periods
    inner join line_discounts
        on
            whole_periods.invoice_id = line_discounts.invoice_id
            and whole_periods.line_item_id = line_discounts.line_item_id
    left outer join told
        on line_discounts.discount_id = told.discount_id
    where told.discount_id is null
),

by_period as (
    select
        subscription_id,
        discount_id,
        period_start,
        max(currency) as currency,
        max(issued_at) as issued_at,
        max(period_end) as period_end,
        sum(amount_minor) as amount_minor,
        max(percent_off) as percent_off,
        max(percent_off) = min(percent_off)
        and max(abs(amount * percent_off / 100 - discount_amount) / minor_unit) < 1.001
            as is_percentage,
        min(subscription_item_id) as first_item_id,
        max(subscription_item_id) as last_item_id,
        max(lines_in_period) as lines_in_period,
        max(last_billed_on) as last_billed_on
    from taken_off
    group by
        subscription_id,
        discount_id,
        period_start
),

periods as (
    select
        subscription_id,
        discount_id,
        max(currency) as currency,
        count(*) as periods,
        max(issued_at) as last_issued_at,
        max_by(amount_minor, period_start) as amount_minor,
        max_by(percent_off, period_start) as percent_off,
        max_by(is_percentage, period_start) as is_percentage,
        min(period_start) as first_billed_on,
        case when max(period_start) < max(last_billed_on) then max(period_end) end as ends_on,
        case
            when min(first_item_id) = max(last_item_id) and max(lines_in_period) > 1
                then max(last_item_id)
        end as only_item_id
    from by_period
    group by
        subscription_id,
        discount_id
),

read_from_lines as (
    select
        periods.*,
        least(
            periods.first_billed_on,
            coalesce(cast(listed.first_seen_at as date), periods.first_billed_on)
        ) as first_on,
        case
            when periods.periods > 1 then 'repeating'
            when cast(listed.last_seen_at as date) > cast(periods.last_issued_at as date)
                then 'repeating'
            else 'once'
        end as duration
    from periods
    left outer join listed
        on
            periods.subscription_id = listed.subscription_id
            and periods.discount_id = listed.discount_id
),

coupons as (
    select
        *,
        case
            when is_percentage
                then '"percent_off":' || cast(percent_off as varchar)
            else
                '"amount_off":' || cast(amount_minor as varchar)
                || coalesce(',"currency":"' || currency || '"', '')
        end as reduction,
        cast(
            {{ unix_seconds('first_on') }} as varchar
        ) as first_second,
        cast(
            {{ unix_seconds('ends_on') }} as varchar
        ) as end_second
    from read_from_lines
),

final as (
    select
        subscription_id,
        discount_id,
        '{"id":"' || discount_id
        || '","coupon":{"duration":"' || duration || '",' || reduction
        || '},"start":' || first_second
        || coalesce(',"end":' || end_second, '')
        || case
            when is_percentage then coalesce(',"subscription_item":"' || only_item_id || '"', '')
            else ''
        end || '}' as discount
    from coupons
)

select * from final
