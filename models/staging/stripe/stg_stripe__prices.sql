-- Grain: one row per Stripe price.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'price') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        source.id as price_id,
        source.product as product_id,
        source.nickname as price_name,
        upper(source.currency) as currency,
        source.type as price_type,
        {{ from_minor_units(
            'coalesce(try_cast(source.unit_amount_decimal as decimal(18, 6)), source.unit_amount)',
            'source.currency'
        ) }} as unit_amount,
        {{ json_text('source.recurring', '$.interval') }} as billing_interval,
        cast({{ json_text('source.recurring', '$.interval_count') }} as integer)
            as interval_count,
        {{ json_text('source.recurring', '$.usage_type') }} as usage_type
    from source
)

select * from final
