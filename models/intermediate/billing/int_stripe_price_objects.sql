-- Grain: one row per Stripe price as one place has it: the list of prices, an item or a line.
-- A price never changes what it costs in Stripe, but not every place says all of it: tiers and
-- currency options are only there where the export was expanded. The id of a plan can be given
-- again after it was deleted, so what an item says of its own price goes before the list.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with listed as (
    select
        price_id,
        product_id,
        currency,
        unit_amount_minor,
        billing_scheme,
        tiers_mode,
        tiers,
        divide_by,
        divided_round,
        currency_options,
        billing_interval,
        interval_count,
        usage_type
    from {{ ref('stg_stripe__prices') }}
    where price_type = 'recurring'
),

items as (
    select
        price_key,
        price
    from {{ ref('int_stripe_listed_items') }}
    where price is not null
),

lines as (
    select
        price_key,
        price
    from {{ ref('int_stripe_recurring_lines') }}
    where price_key is not null
),

objects as (
    select
        price_key,
        price
    from items
    union
    select
        price_key,
        price
    from lines
),

-- Prices and plans, as they were called before, name the same things in different places.
parsed as (
    select
        price_key,
        {{ json_text('price', '$.id') }} as price_id,
        coalesce(
            {{ json_text('price', '$.product.id') }}, {{ json_text('price', '$.product') }}
        ) as product_id,
        upper({{ json_text('price', '$.currency') }}) as currency,
        coalesce(
            {{ json_text('price', '$.unit_amount_decimal') }},
            {{ json_text('price', '$.unit_amount') }},
            {{ json_text('price', '$.amount_decimal') }},
            {{ json_text('price', '$.amount') }}
        ) as unit_amount_minor,
        {{ json_text('price', '$.billing_scheme') }} as billing_scheme,
        {{ json_text('price', '$.tiers_mode') }} as tiers_mode,
        {{ json_text('price', '$.tiers') }} as tiers,
        coalesce(
            {{ json_text('price', '$.transform_quantity.divide_by') }},
            {{ json_text('price', '$.transform_usage.divide_by') }}
        ) as divide_by,
        coalesce(
            {{ json_text('price', '$.transform_quantity.round') }},
            {{ json_text('price', '$.transform_usage.round') }}
        ) as divided_round,
        {{ json_text('price', '$.currency_options') }} as currency_options,
        coalesce(
            {{ json_text('price', '$.recurring.interval') }}, {{ json_text('price', '$.interval') }}
        ) as billing_interval,
        cast(
            coalesce(
                {{ json_text('price', '$.recurring.interval_count') }},
                {{ json_text('price', '$.interval_count') }}
            ) as integer
        ) as interval_count,
        coalesce(
            {{ json_text('price', '$.recurring.usage_type') }},
            {{ json_text('price', '$.usage_type') }}
        ) as usage_type
    from objects
),

united as (
    select
        price_id as price_key,
        true as is_listed,
        price_id,
        product_id,
        currency,
        unit_amount_minor,
        billing_scheme,
        tiers_mode,
        tiers,
        divide_by,
        divided_round,
        currency_options,
        billing_interval,
        interval_count,
        usage_type
    from listed
    union all
    select
        price_key,
        false as is_listed,
        price_id,
        product_id,
        currency,
        unit_amount_minor,
        billing_scheme,
        tiers_mode,
        tiers,
        divide_by,
        divided_round,
        currency_options,
        billing_interval,
        interval_count,
        usage_type
    from parsed
),

final as (
    select
        price_key,
        price_id,
        is_listed,
        product_id,
        currency,
        {{ dbt.safe_cast('unit_amount_minor', 'decimal(38, 12)') }} as unit_amount_minor,
        coalesce(
            billing_scheme,
            case when coalesce(tiers, '[]') in ('[]', 'null') then 'per_unit' else 'tiered' end
        ) as billing_scheme,
        tiers_mode,
        tiers,
        {{ dbt.safe_cast('divide_by', 'decimal(18, 0)') }} as divide_by,
        divided_round,
        currency_options,
        billing_interval,
        interval_count,
        usage_type
    from united
    where price_id is not null
)

select * from final
