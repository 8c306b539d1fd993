-- Grain: one row per Stripe price as one place has it, currency it is asked in, and tier.
-- A price of one amount per unit is one tier without an end. In another currency than its own a
-- price costs what its currency options say; where they were not expanded, it says nothing.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with objects as (
    select
        price_key,
        price_id,
        currency,
        unit_amount_minor,
        billing_scheme,
        tiers,
        currency_options
    from {{ ref('int_stripe_price_objects') }}
),

asked as (
    select distinct
        price_id,
        currency
    from {{ ref('int_stripe_state_items') }}
),

offers as (
    select
        objects.price_key,
        objects.billing_scheme,
        objects.unit_amount_minor,
        objects.tiers,
        coalesce(asked.currency, objects.currency) as currency,
        -- A price without a currency of its own is in that of the subscription.
        coalesce(objects.currency = asked.currency, true) as is_own_currency,
        {{ json_member('objects.currency_options', 'lower(asked.currency)') }} as other_currency
    from objects
    inner join asked
        on objects.price_id = asked.price_id
),

said as (
    select distinct
        price_key,
        currency,
        billing_scheme,
        case
            when is_own_currency then unit_amount_minor
            else {{ dbt.safe_cast(
                'coalesce('
                ~ json_text('other_currency', '$.unit_amount_decimal') ~ ', '
                ~ json_text('other_currency', '$.unit_amount') ~ ')',
                'decimal(38, 12)'
            ) }}
        end as unit_amount_minor,
        case
            when is_own_currency then tiers else {{ json_text('other_currency', '$.tiers') }}
        end as tiers
    from offers
),

elements as (
    select
        price_key,
        currency,
        {{ json_elements('tiers', '$') }} as tier
    from said
    where billing_scheme = 'tiered'
),

tiers as (
    select
        price_key,
        currency,
        -- The last tier has no end: null, or `inf` as it is written when a price is made.
        {{ dbt.safe_cast("nullif(" ~ json_text('tier', '$.up_to') ~ ", 'inf')", 'decimal(18, 0)') }}
            as up_to,
        {{ dbt.safe_cast(
            'coalesce('
            ~ json_text('tier', '$.unit_amount_decimal') ~ ', '
            ~ json_text('tier', '$.unit_amount') ~ ')',
            'decimal(38, 12)'
        ) }} as unit_amount_minor,
        {{ dbt.safe_cast(
            'coalesce('
            ~ json_text('tier', '$.flat_amount_decimal') ~ ', '
            ~ json_text('tier', '$.flat_amount') ~ ')',
            'decimal(38, 12)'
        ) }} as flat_amount_minor
    from elements
    union all
    select
        price_key,
        currency,
        cast(null as decimal(18, 0)) as up_to,
        unit_amount_minor,
        cast(null as decimal(38, 12)) as flat_amount_minor
    from said
    where
        billing_scheme = 'per_unit'
        and unit_amount_minor is not null
),

final as (
    select
        price_key,
        currency,
        coalesce(
            lag(up_to) over (partition by price_key, currency order by up_to nulls last), 0
        ) as above,
        up_to,
        unit_amount_minor,
        flat_amount_minor
    from tiers
)

select * from final
