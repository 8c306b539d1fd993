-- Grain: one row per Stripe charge, with the invoice it is for.
-- Before API version 2025-03-31 a charge names its invoice, afterwards the invoice its payments.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with charges as (
    select
        charge_id,
        customer_id,
        invoice_id,
        payment_intent_id,
        status,
        is_refunded,
        amount,
        amount_refunded,
        attempted_at,
        failure_code
    from {{ ref('stg_stripe__charges') }}
),

invoice_payments as (
    select
        invoice_id,
        payment_intent_id,
        charge_id
    from {{ ref('stg_stripe__invoice_payments') }}
),

by_intent as (
    select
        payment_intent_id,
        max(invoice_id) as invoice_id
    from invoice_payments
    where payment_intent_id is not null
    group by payment_intent_id
    having min(invoice_id) = max(invoice_id)
),

by_charge as (
    select
        charge_id,
        max(invoice_id) as invoice_id
    from invoice_payments
    where charge_id is not null
    group by charge_id
    having min(invoice_id) = max(invoice_id)
),

final as (
    select
        charges.charge_id,
        charges.customer_id,
        coalesce(charges.invoice_id, by_charge.invoice_id, by_intent.invoice_id) as invoice_id,
        charges.status,
        charges.is_refunded,
        charges.amount,
        charges.amount_refunded,
        charges.attempted_at,
        charges.failure_code
    from charges
    left outer join by_charge
        on charges.charge_id = by_charge.charge_id
    left outer join by_intent
        on charges.payment_intent_id = by_intent.payment_intent_id
)

select * from final
