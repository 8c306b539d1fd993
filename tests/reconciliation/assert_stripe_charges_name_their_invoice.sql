-- From API version 2025-03-31 on, a Stripe charge does not name its invoice: invoices list their
-- payments when they are exported with expand[]=data.payments. Named here are charges without an
-- invoice of a customer who has an invoice of that amount which no charge is for: its failed
-- attempts and refunds are missing.
{{ config(
    severity='warn',
    enabled=source_is_on('billing', 'stripe'),
    meta={'dagster': {'ref': {'name': 'int_stripe_charges'}}}
) }}

with charges as (
    select
        charge_id,
        customer_id,
        invoice_id,
        amount,
        attempted_at
    from {{ ref('int_stripe_charges') }}
),

invoices as (
    select
        invoice_id,
        customer_id,
        total,
        issued_at
    from {{ ref('stg_stripe__invoices') }}
    where total > 0
),

charged as (
    select distinct invoice_id
    from charges
),

uncharged as (
    select
        invoices.customer_id,
        invoices.total,
        min(invoices.issued_at) as issued_at
    from invoices
    left outer join charged
        on invoices.invoice_id = charged.invoice_id
    where charged.invoice_id is null
    group by
        invoices.customer_id,
        invoices.total
),

final as (
    select
        charges.charge_id,
        charges.customer_id,
        charges.amount,
        'export invoices with expand[]=data.payments' as remedy
    from charges
    inner join uncharged
        on
            charges.customer_id = uncharged.customer_id
            and charges.amount = uncharged.total
            and charges.attempted_at >= uncharged.issued_at
    where charges.invoice_id is null
)

select * from final
