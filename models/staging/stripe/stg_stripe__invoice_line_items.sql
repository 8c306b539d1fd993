-- Grain: one row per invoice and line item (line item ids repeat across invoices).
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'invoice_line_item') }}
    where {{ is_live('livemode') }}
    qualify {{ is_newest(['invoice', 'id']) }}
),

final as (
    select
        source.invoice as invoice_id,
        source.id as line_item_id,
        -- From API version 2025-03-31 on, subscription, proration and price are nested.
        coalesce(
            source.subscription,
            {{ json_text(
                'source.parent', '$.subscription_item_details.subscription'
            ) }},
            {{ json_text('source.parent', '$.invoice_item_details.subscription') }}
        ) as subscription_id,
        coalesce(
            source.subscription_item,
            {{ json_text(
                'source.parent', '$.subscription_item_details.subscription_item'
            ) }}
        ) as subscription_item_id,
        coalesce(
            {{ json_text('source.price', '$.id') }},
            {{ json_text('source.plan', '$.id') }},
            {{ json_text('source.pricing', '$.price_details.price.id') }},
            {{ json_text('source.pricing', '$.price_details.price') }}
        ) as price_id,
        {%- set products = ['source.price', 'source.plan', 'source.pricing'] %}
        {%- set paths = ['$.product', '$.product', '$.price_details.product'] %}
        coalesce(
            {%- for object, path in zip(products, paths) %}
            {{ json_text(object, path ~ '.id') }},
            {{ json_text(object, path) }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) as product_id,
        coalesce(
            {{ json_text('source.price', '$.type') }},
            -- A plan is always recurring.
            case when {{ json_text('source.plan', '$.id') }} is not null then 'recurring' end
        ) as price_type,
        coalesce(
            {{ json_text('source.price', '$.recurring.usage_type') }},
            {{ json_text('source.plan', '$.usage_type') }}
        ) as usage_type,
        -- As the line has it: in full before 2025-03-31 (a plan before 2020-08-27), afterwards only
        -- what one unit costs.
        coalesce(
            nullif(source.price, 'null'),
            nullif(source.plan, 'null'),
            {{ json_object(json_text('source.pricing', '$.price_details.price')) }}
        ) as price,
        coalesce(
            {{ json_text('source.price', '$.unit_amount_decimal') }},
            {{ json_text('source.price', '$.unit_amount') }},
            {{ json_text('source.plan', '$.amount_decimal') }},
            {{ json_text('source.plan', '$.amount') }},
            {{ json_text('source.pricing', '$.unit_amount_decimal') }}
        ) as unit_amount_minor,
        cast({{ from_minor_units('source.amount', 'source.currency') }} as decimal(18, 2))
            as amount,
        upper(source.currency) as currency,
        source.description,
        {{ json_unix_time('source.period', '$.start') }} as period_started_at,
        cast({{ json_unix_time('source.period', '$.start') }} as date) as period_start,
        cast({{ json_unix_time('source.period', '$.end') }} as date) as period_end,
        coalesce(
            source.proration,
            cast(
                {{ json_text('source.parent', '$.subscription_item_details.proration') }}
                as boolean
            ),
            cast(
                {{ json_text('source.parent', '$.invoice_item_details.proration') }} as boolean
            ),
            false
        ) as is_proration,
        cast(source.quantity as decimal(18, 4)) as quantity,
        {{ json_text('source.pricing', '$.type') }} as pricing_type,
        -- From API version 2025-03-31 on, the type stands under parent.
        coalesce(
            source.type,
            case {{ json_text('source.parent', '$.type') }}
                when 'subscription_item_details' then 'subscription'
                when 'invoice_item_details' then 'invoiceitem'
            end
        ) as line_type,
        source.discounts
    from source
)

select * from final
