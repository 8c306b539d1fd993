-- Grain: one row per Stripe customer of whose deletion an event tells.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select
        {{ json_text('data', '$.object.id') }} as customer_id,
        created
    from {{ source('raw_stripe', 'event') }}
    where
        type = 'customer.deleted'
        and {{ is_live(
            "coalesce(livemode, " ~ json_text('data', '$.object.livemode') ~ ")"
        ) }}
),

final as (
    select
        customer_id,
        {{ from_unix('min(created)') }} as deleted_at
    from source
    where customer_id is not null
    group by customer_id
)

select * from final
