-- Grain: one row per change of a Stripe customer or of a discount that a customer has.
-- object is the customer from then on; of customer.discount events it is the discount.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'event') }}
    where
        {{ is_live('livemode') }}
        and (
            type in ('customer.created', 'customer.updated', 'customer.deleted')
            or starts_with(type, 'customer.discount.')
        )
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        source.id as event_id,
        source.type as event_type,
        {{ from_unix('source.created') }} as created_at,
        {{ json_text('source.data', '$.object') }} as object,
        -- What the change took away; null unless the change is an update.
        {{ json_text('source.data', '$.previous_attributes') }} as previous_attributes
    from source
)

select * from final
