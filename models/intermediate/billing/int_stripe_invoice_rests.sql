-- Grain: one row per Stripe invoice and kind of what it asks for beyond its lines: `tax`, and
-- `not_itemised` for the rest (shipping, lines that were not exported).
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with invoices as (
    select
        invoice_id,
        subscription_id,
        cast(issued_at as date) as issued_on,
        currency
    from {{ ref('stg_stripe__invoices') }}
),

taxes as (
    select
        invoice_id,
        beyond_lines,
        added_tax
    from {{ ref('int_stripe_invoice_taxes') }}
),

rests as (
    select
        invoice_id,
        'tax' as line_kind,
        added_tax as amount
    from taxes
    union all
    select
        invoice_id,
        'not_itemised' as line_kind,
        beyond_lines - added_tax as amount
    from taxes
),

final as (
    select
        invoices.invoice_id,
        invoices.subscription_id,
        invoices.issued_on,
        invoices.currency,
        rests.line_kind,
        cast(rests.amount as decimal(18, 2)) as amount
    from rests
    inner join invoices
        on rests.invoice_id = invoices.invoice_id
    where rests.amount <> 0
)

select * from final
