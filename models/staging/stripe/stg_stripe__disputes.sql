-- Grain: one row per Stripe dispute.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'dispute') }}
    where {{ is_live('livemode') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        source.id as dispute_id,
        {{ stripe_id('source.charge') }} as charge_id,
        {{ stripe_id('source.payment_intent') }} as payment_intent_id,
        {{ from_unix('source.created') }} as disputed_at,
        source.status,
        source.reason as dispute_reason
    from source
)

select * from final
