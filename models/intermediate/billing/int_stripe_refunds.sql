-- Grain: one row per Stripe invoice of which money was given back.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with charges as (
    select
        invoice_id,
        amount_refunded
    from {{ ref('int_stripe_charges') }}
    where
        invoice_id is not null
        and amount_refunded > 0
),

final as (
    select
        invoice_id,
        cast(sum(amount_refunded) as decimal(18, 2)) as amount
    from charges
    group by invoice_id
)

select * from final
