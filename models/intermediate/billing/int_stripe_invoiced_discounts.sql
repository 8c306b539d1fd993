-- Grain: one row per Stripe subscription and discount of the time of which no event tells.
-- Those that the subscription still has, and those that only invoices of that time name.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with gaps as (
    select
        subscription_id,
        discount,
        discounts
    from {{ ref('int_stripe_event_gaps') }}
),

lines as (
    select
        subscription_id,
        invoice_id,
        line_item_id
    from {{ ref('int_stripe_invoiced_lines') }}
    where is_whole_period
),

line_discounts as (
    select
        invoice_id,
        line_item_id,
        discount_id
    from {{ ref('stg_stripe__invoice_line_discounts') }}
    where discount_id is not null
),

listed as (
    select
        subscription_id,
        {{ stripe_discounts('discounts', 'discount') }} as element
    from gaps
),

objects as (
    select
        subscription_id,
        element,
        {{ json_object('element') }} as discount
    from listed
),

named as (
    select
        subscription_id,
        case
            when discount is null then element else {{ json_text('discount', '$.id') }}
        end as discount_id,
        case when {{ stripe_coupon('discount', 'duration') }} is not null then discount end
            as discount
    from objects
    union all
    select
        lines.subscription_id,
        line_discounts.discount_id,
        null as discount
    from lines
    inner join line_discounts
        on
            lines.invoice_id = line_discounts.invoice_id
            and lines.line_item_id = line_discounts.line_item_id
),

once_each as (
    select
        subscription_id,
        discount_id,
        max(discount) as discount
    from named
    group by
        subscription_id,
        discount_id
),

-- What is not told in full here stays an id, which int_stripe_line_discounts looks up.
final as (
    select
        subscription_id,
        discount_id,
        coalesce(discount, '"' || discount_id || '"') as discount
    from once_each
    where coalesce(discount, discount_id) is not null
)

select * from final
