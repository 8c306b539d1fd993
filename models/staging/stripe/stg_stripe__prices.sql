-- Grain: one row per Stripe price, or plan as prices were called in old API versions.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with prices as (
    select *
    from {{ source('raw_stripe', 'price') }}
    qualify {{ is_newest(['id']) }}
),

plans as (
    select *
    from {{ source('raw_stripe', 'plan') }}
    qualify {{ is_newest(['id']) }}
),

united as (
    select
        prices.id as price_id,
        coalesce({{ json_text(json_object('prices.product'), '$.id') }}, prices.product)
            as product_id,
        prices.nickname as price_name,
        upper(prices.currency) as currency,
        prices.type as price_type,
        coalesce(prices.unit_amount_decimal, cast(prices.unit_amount as varchar))
            as unit_amount_minor,
        {{ json_text('prices.recurring', '$.interval') }} as billing_interval,
        cast({{ json_text('prices.recurring', '$.interval_count') }} as integer)
            as interval_count,
        {{ json_text('prices.recurring', '$.usage_type') }} as usage_type,
        prices.billing_scheme,
        prices.tiers_mode,
        prices.tiers,
        {{ json_text('prices.transform_quantity', '$.divide_by') }} as divide_by,
        {{ json_text('prices.transform_quantity', '$.round') }} as divided_round,
        prices.currency_options
    from prices
    union all
    -- Today's API lists a recurring price under both names.
    select
        plans.id as price_id,
        coalesce({{ json_text(json_object('plans.product'), '$.id') }}, plans.product)
            as product_id,
        coalesce(plans.nickname, plans.name) as price_name,
        upper(plans.currency) as currency,
        'recurring' as price_type,
        coalesce(plans.amount_decimal, cast(plans.amount as varchar)) as unit_amount_minor,
        plans.interval as billing_interval,
        coalesce(plans.interval_count, 1) as interval_count,
        plans.usage_type,
        plans.billing_scheme,
        plans.tiers_mode,
        plans.tiers,
        {{ json_text('plans.transform_usage', '$.divide_by') }} as divide_by,
        {{ json_text('plans.transform_usage', '$.round') }} as divided_round,
        cast(null as varchar) as currency_options
    from plans
    where plans.id not in (select prices.id from prices)
),

final as (
    select
        *,
        -- Of one unit, where every unit costs the same.
        case
            when coalesce(billing_scheme, 'per_unit') = 'per_unit' and divide_by is null
                then {{ from_minor_units(
                    dbt.safe_cast('unit_amount_minor', 'decimal(38, 12)'), 'currency'
                ) }}
        end as unit_amount
    from united
)

select * from final
