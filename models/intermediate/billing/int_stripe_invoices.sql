-- Grain: one row per Stripe invoice, in canonical columns.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with invoices as (
    select
        invoice_id,
        customer_id,
        status,
        issued_at,
        due_at,
        paid_at,
        currency,
        total
    from {{ ref('stg_stripe__invoices') }}
),

final as (
    select
        invoice_id,
        customer_id as customer_key,
        status,
        issued_at,
        -- An invoice that is charged at once is due when it is issued.
        coalesce(due_at, issued_at) as due_at,
        paid_at,
        currency,
        total
    from invoices
)

select * from final
