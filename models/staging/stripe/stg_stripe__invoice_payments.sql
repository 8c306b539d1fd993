-- Grain: one row per Stripe invoice and payment of it that a list of payments names.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'invoice') }}
    qualify {{ is_newest(['id']) }}
),

listed as (
    select
        source.id,
        {{ json_elements('source.payments', '$.data') }} as payment
    from source
    where source.payments is not null
),

final as (
    select
        listed.id as invoice_id,
        {{ json_text('listed.payment', '$.id') }} as invoice_payment_id,
        coalesce(
            {{ json_text('listed.payment', '$.payment.payment_intent.id') }},
            {{ json_text('listed.payment', '$.payment.payment_intent') }}
        ) as payment_intent_id,
        coalesce(
            {{ json_text('listed.payment', '$.payment.charge.id') }},
            {{ json_text('listed.payment', '$.payment.charge') }}
        ) as charge_id
    from listed
)

select * from final
