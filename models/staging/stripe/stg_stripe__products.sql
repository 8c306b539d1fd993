-- Grain: one row per Stripe product.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'product') }}
    -- A deleted product is an id and no more; what was known of it before stays.
    where
        {{ is_live('livemode') }}
        and coalesce(lower(cast(deleted as varchar)), 'false') <> 'true'
    qualify {{ is_newest(['id'], 'updated') }}
),

final as (
    select
        source.id as product_id,
        source.name as product_name,
        -- A product that does not say is taken as core, so that its seats count as licensed.
        coalesce(
            {{ json_text('source.metadata', '$.is_core') }} in ('true', '1'), true
        ) as is_core,
        source.active as is_active
    from source
)

select * from final
