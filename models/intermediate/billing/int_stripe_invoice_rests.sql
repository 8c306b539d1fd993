-- Grain: one row per Stripe invoice and kind of what it asks for beyond its lines: `tax`, and
-- `not_itemised` for the rest (shipping, lines that were not exported).
-- Tax that is in the amounts of the lines already is none.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with lines as (
    select
        invoice_id,
        amount
    from {{ ref('stg_stripe__invoice_line_items') }}
),

line_discounts as (
    select
        invoice_id,
        amount
    from {{ ref('stg_stripe__invoice_line_discounts') }}
),

invoices as (
    select
        invoice_id,
        subscription_id,
        cast(issued_at as date) as issued_on,
        currency,
        coalesce(tax, 0) as tax,
        total
    from {{ ref('stg_stripe__invoices') }}
),

parts as (
    select
        invoice_id,
        amount
    from lines
    union all
    select
        invoice_id,
        -amount as amount
    from line_discounts
),

sums as (
    select
        invoice_id,
        sum(amount) as amount
    from parts
    group by invoice_id
),

measured as (
    select
        invoices.*,
        invoices.total - coalesce(sums.amount, 0) as beyond_lines
    from invoices
    left outer join sums
        on invoices.invoice_id = sums.invoice_id
),

rests as (
    select
        *,
        'tax' as line_kind,
        case when beyond_lines = 0 then 0 else tax end as amount
    from measured
    union all
    select
        *,
        'not_itemised' as line_kind,
        case when beyond_lines = 0 then 0 else beyond_lines - tax end as amount
    from measured
),

final as (
    select
        invoice_id,
        subscription_id,
        issued_on,
        currency,
        line_kind,
        cast(amount as decimal(18, 2)) as amount
    from rests
    where amount <> 0
)

select * from final
