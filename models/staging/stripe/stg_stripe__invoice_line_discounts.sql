-- Grain: one row per invoice, line item and discount on it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'invoice_line_item') }}
    qualify {{ is_newest(['invoice', 'id']) }}
),

listed as (
    select
        source.invoice,
        source.id,
        source.currency,
        source.discount_amounts,
        {{ json_places('source.discount_amounts') }} as place
    from source
    where coalesce(source.discount_amounts, '[]') not in ('null', '[]')
),

elements as (
    select
        *,
        {{ json_text_at('discount_amounts', "'$[' || cast(place as varchar) || ']'") }}
            as discount_amount
    from listed
),

final as (
    select
        invoice as invoice_id,
        id as line_item_id,
        place,
        coalesce(
            {{ json_text('discount_amount', '$.discount.id') }},
            {{ json_text('discount_amount', '$.discount') }}
        ) as discount_id,
        -- An id, or the discount in full where the export was expanded.
        {{ json_text('discount_amount', '$.discount') }} as discount,
        cast(
            {{ from_minor_units(
                'cast(' ~ json_text('discount_amount', '$.amount') ~ ' as decimal(18, 6))',
                'currency'
            ) }} as decimal(18, 2)
        ) as amount,
        cast({{ json_text('discount_amount', '$.amount') }} as decimal(18, 0))
            as amount_minor
    from elements
)

select * from final
