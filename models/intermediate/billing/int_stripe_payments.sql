-- Grain: one row per Stripe charge, in canonical columns.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with charges as (
    select
        charge_id,
        invoice_id,
        status,
        is_refunded,
        amount,
        attempted_at,
        failure_code
    from {{ ref('int_stripe_charges') }}
),

final as (
    select
        charge_id as payment_id,
        invoice_id,
        case when is_refunded then 'refunded' else status end as status,
        amount,
        attempted_at,
        failure_code
    from charges
)

select * from final
