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
        {{ json_elements("'{\"list\":' || source.discount_amounts || '}'", '$.list') }}
            as discount_amount
    from source
    where coalesce(source.discount_amounts, '[]') not in ('null', '[]')
),

final as (
    select
        listed.invoice as invoice_id,
        listed.id as line_item_id,
        coalesce(
            {{ json_text('listed.discount_amount', '$.discount.id') }},
            {{ json_text('listed.discount_amount', '$.discount') }}
        ) as discount_id,
        -- An id, or the discount in full where the export was expanded.
        {{ json_text('listed.discount_amount', '$.discount') }} as discount,
        cast(
            {{ from_minor_units(
                'cast(' ~ json_text('listed.discount_amount', '$.amount')
                ~ ' as decimal(18, 6))',
                'listed.currency'
            ) }} as decimal(18, 2)
        ) as amount,
        cast({{ json_text('listed.discount_amount', '$.amount') }} as decimal(18, 0))
            as amount_minor
    from listed
)

select * from final
