-- Grain: one row per Stripe invoice that was voided or written off: when.
{{ config(enabled=source_is_on('billing', 'stripe'), materialized='view') }}

with final as (
    select
        invoice_id,
        voided_at,
        written_off_at
    from {{ ref('stg_stripe__invoices') }}
    where voided_at is not null or written_off_at is not null
)

select * from final
