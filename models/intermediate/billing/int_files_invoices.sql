-- Grain: one row per invoice of the files source, in canonical columns.
{{ config(enabled=source_is_on('billing', 'files')) }}

with invoices as (
    select
        invoice_id,
        account_id,
        status,
        issued_at,
        due_at,
        paid_at,
        currency,
        total
    from {{ ref('stg_files__invoices') }}
),

line_totals as (
    select
        invoice_id,
        sum(amount) as total
    from {{ ref('stg_files__invoice_lines') }}
    group by invoice_id
),

final as (
    select
        invoices.invoice_id,
        invoices.account_id as customer_key,
        lower(invoices.status) as status,
        invoices.issued_at,
        coalesce(invoices.due_at, invoices.issued_at) as due_at,
        invoices.paid_at,
        upper(coalesce(invoices.currency, '{{ var("reporting_currency") }}')) as currency,
        cast(coalesce(invoices.total, line_totals.total) as decimal(18, 2)) as total
    from invoices
    left outer join line_totals
        on invoices.invoice_id = line_totals.invoice_id
)

select * from final
