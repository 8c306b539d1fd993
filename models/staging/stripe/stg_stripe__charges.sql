-- Grain: one row per Stripe charge: one attempt to collect.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'charge') }}
    where {{ is_live('livemode') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        source.id as charge_id,
        source.customer as customer_id,
        -- From API version 2025-03-31 on, only payments of the invoice tell what it is for.
        source.invoice as invoice_id,
        source.payment_intent as payment_intent_id,
        cast({{ from_minor_units('source.amount', 'source.currency') }} as decimal(18, 2))
            as amount,
        cast(
            {{ from_minor_units('source.amount_refunded', 'source.currency') }} as decimal(18, 2)
        ) as amount_refunded,
        upper(source.currency) as currency,
        {{ from_unix('source.created') }} as attempted_at,
        source.status,
        source.failure_code,
        coalesce(source.refunded, false) as is_refunded
    from source
)

select * from final
