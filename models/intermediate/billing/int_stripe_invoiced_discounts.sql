-- Grain: one row per Stripe subscription and discount of the time of which no event tells.
-- A discount that the subscription still has tells its duration and dates. One that only invoices
-- name is read from them: on one billing period it was a `once` coupon, on several it lasted from
-- the first of them to the end of the last. Whole per cents are a percentage, else an amount.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with gaps as (
    select
        subscription_id,
        currency,
        discount,
        discounts
    from {{ ref('int_stripe_event_gaps') }}
),

lines as (
    select
        subscription_id,
        invoice_id,
        line_item_id,
        period_start,
        period_end
    from {{ ref('int_stripe_invoiced_lines') }}
    where is_whole_period
),

line_amounts as (
    select
        invoice_id,
        line_item_id,
        amount
    from {{ ref('stg_stripe__invoice_line_items') }}
),

line_discounts as (
    select
        invoice_id,
        line_item_id,
        discount_id,
        amount,
        amount_minor
    from {{ ref('stg_stripe__invoice_line_discounts') }}
),

listed as (
    select
        subscription_id,
        {{ json_elements(
            "case"
            ~ " when coalesce(discounts, '[]') not in ('null', '[]')"
            ~ " then '{\"list\":' || discounts || '}'"
            ~ " when coalesce(discount, 'null') <> 'null'"
            ~ " then '{\"list\":[' || discount || ']}'"
            ~ " end",
            '$.list'
        ) }} as discount
    from gaps
),

-- A list may name a discount by its id alone, which is no JSON.
objects as (
    select
        subscription_id,
        case when left(discount, 1) = '{' then discount end as discount
    from listed
),

known as (
    select
        subscription_id,
        {{ json_text('discount', '$.id') }} as discount_id,
        discount
    from objects
    where {{ json_text('discount', '$.coupon.duration') }} is not null
),

taken_off as (
    select
        lines.subscription_id,
        lines.period_start,
        lines.period_end,
        line_discounts.discount_id,
        line_discounts.amount_minor,
        round(line_discounts.amount * 100.0 / line_amounts.amount) as percent_off,
        line_amounts.amount,
        line_discounts.amount as discount_amount
    from lines
    inner join line_discounts
        on
            lines.invoice_id = line_discounts.invoice_id
            and lines.line_item_id = line_discounts.line_item_id
    inner join line_amounts
        on
            lines.invoice_id = line_amounts.invoice_id
            and lines.line_item_id = line_amounts.line_item_id
    left outer join known
        on
            lines.subscription_id = known.subscription_id
            and line_discounts.discount_id = known.discount_id
    where
        known.discount_id is null
        and line_discounts.discount_id is not null
        and line_amounts.amount > 0
),

by_period as (
    select
        subscription_id,
        discount_id,
        period_start,
        max(period_end) as period_end,
        sum(amount_minor) as amount_minor,
        max(percent_off) as percent_off,
        max(percent_off) = min(percent_off)
        and max(abs(amount * percent_off / 100 - discount_amount)) <= 0.01 as is_percentage
    from taken_off
    group by
        subscription_id,
        discount_id,
        period_start
),

read_from_lines as (
    select
        by_period.subscription_id,
        by_period.discount_id,
        max(gaps.currency) as currency,
        case when count(*) = 1 then 'once' else 'repeating' end as duration,
        max_by(by_period.amount_minor, by_period.period_start) as amount_minor,
        max_by(by_period.percent_off, by_period.period_start) as percent_off,
        max_by(by_period.is_percentage, by_period.period_start) as is_percentage,
        min(by_period.period_start) as first_on,
        max(by_period.period_end) as ends_on
    from by_period
    inner join gaps
        on by_period.subscription_id = gaps.subscription_id
    group by
        by_period.subscription_id,
        by_period.discount_id
),

coupons as (
    select
        *,
        case
            when is_percentage
                then '"percent_off":' || cast(cast(percent_off as integer) as varchar)
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
        discount
    from known
    union all
    select
        subscription_id,
        discount_id,
        '{"id":"' || discount_id
        || '","coupon":{"duration":"' || duration || '",' || reduction
        || '},"start":' || first_second
        || ',"end":' || end_second || '}' as discount
    from coupons
)

select * from final
