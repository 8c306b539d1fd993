-- Grain: one row per recurring line of a Stripe invoice that asks for something.
-- Only bills do (is_bill); what was issued after the as-of date is not known.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with invoices as (
    select
        invoice_id,
        subscription_id,
        issued_at
    from {{ ref('stg_stripe__invoices') }}
    where
        {{ is_bill('status') }}
        and cast(issued_at as date) <= {{ as_of_date() }}
),

lines as (
    select
        invoice_id,
        line_item_id,
        subscription_id,
        subscription_item_id,
        price_id,
        product_id,
        price_type,
        usage_type,
        price,
        unit_amount_minor,
        amount,
        currency,
        quantity,
        is_proration,
        period_started_at,
        period_start,
        period_end
    from {{ ref('stg_stripe__invoice_line_items') }}
    where subscription_item_id is not null
),

prices as (
    select
        price_id,
        price_type,
        usage_type
    from {{ ref('stg_stripe__prices') }}
),

recurring as (
    select
        coalesce(lines.subscription_id, invoices.subscription_id) as subscription_id,
        invoices.invoice_id,
        lines.line_item_id,
        invoices.issued_at,
        lines.subscription_item_id,
        lines.price_id,
        lines.product_id,
        lines.price,
        {{ price_key('lines.price') }} as price_key,
        coalesce(lines.usage_type, prices.usage_type, 'licensed') as usage_type,
        lines.amount,
        lines.currency,
        lines.quantity,
        lines.unit_amount_minor,
        lines.is_proration,
        lines.period_started_at,
        lines.period_start,
        lines.period_end
    from lines
    inner join invoices
        on lines.invoice_id = invoices.invoice_id
    left outer join prices
        on lines.price_id = prices.price_id
    where
        (lines.is_proration and lines.amount <> 0)
        or (
            not lines.is_proration
            and coalesce(lines.price_type, prices.price_type, 'recurring') = 'recurring'
        )
),

final as (
    select
        *,
        is_proration and amount < 0 as is_credit,
        not is_proration and usage_type = 'licensed' as is_whole_period
    from recurring
)

select * from final
