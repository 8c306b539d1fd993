-- Grain: one row per Stripe item with its price, currency and quantity: what price objects say.
-- An amount is rounded once, for the whole interval, to the minor unit, as Stripe bills it. Of what
-- is metered only the flat amount of the first tier is agreed: it is billed whatever is used.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with asked as (
    select distinct
        term_key,
        price_id,
        price_key,
        currency,
        quantity,
        item_usage_type
    from {{ ref('int_stripe_state_items') }}
),

objects as (
    select
        price_key,
        price_id,
        is_listed,
        product_id,
        currency,
        billing_scheme,
        case when billing_scheme = 'per_unit' then 'graduated' else tiers_mode end as tiers_mode,
        divide_by,
        divided_round,
        billing_interval,
        interval_count,
        usage_type
    from {{ ref('int_stripe_price_objects') }}
),

tiers as (
    select
        price_key,
        currency,
        above,
        up_to,
        unit_amount_minor,
        flat_amount_minor
    from {{ ref('int_stripe_price_tiers') }}
),

-- What the item says of its price, then the list of prices, then any other place.
candidates as (
    select
        asked.term_key,
        asked.quantity,
        asked.item_usage_type,
        coalesce(asked.currency, objects.currency) as currency,
        objects.price_key,
        objects.product_id,
        objects.tiers_mode,
        objects.divide_by,
        objects.divided_round,
        objects.billing_scheme = 'per_unit' and objects.divide_by is null as has_unit_amount,
        objects.billing_interval,
        objects.interval_count,
        objects.usage_type,
        row_number() over (
            partition by asked.term_key
            order by
                case when objects.price_key = asked.price_key then 0 else 1 end,
                case when objects.is_listed then 0 else 1 end,
                objects.price_key
        ) as place
    from asked
    inner join objects
        on asked.price_id = objects.price_id
),

terms as (
    select
        term_key,
        {%- for column in (
            'currency', 'product_id', 'billing_interval', 'interval_count', 'has_unit_amount'
        ) %}
        min_by({{ column }}, case when {{ column }} is not null then place end) as {{ column }},
        {%- endfor %}
        coalesce(
            min_by(usage_type, case when usage_type is not null then place end),
            max(item_usage_type),
            case when max(quantity) is not null then 'licensed' end
        ) as usage_type
    from candidates
    group by term_key
),

units as (
    select
        candidates.term_key,
        candidates.price_key,
        candidates.place,
        candidates.currency,
        candidates.tiers_mode,
        candidates.has_unit_amount,
        case
            when candidates.divide_by is null
                then case when terms.usage_type = 'metered' then 0 else candidates.quantity end
            when terms.usage_type = 'metered' then 0
            when candidates.divided_round = 'up'
                then ceil(candidates.quantity / nullif(candidates.divide_by, 0))
            when candidates.divided_round = 'down'
                then floor(candidates.quantity / nullif(candidates.divide_by, 0))
        end as units
    from candidates
    inner join terms
        on candidates.term_key = terms.term_key
),

costs as (
    select
        units.term_key,
        units.place,
        units.currency,
        units.units,
        tiers.up_to,
        case when units.has_unit_amount then tiers.unit_amount_minor end as unit_amount_minor,
        case
            when coalesce(tiers.unit_amount_minor, tiers.flat_amount_minor) is not null
                then
                    coalesce(tiers.unit_amount_minor, 0)
                    * cast(
                        case
                            when units.tiers_mode = 'volume' then units.units
                            else least(units.units, coalesce(tiers.up_to, units.units)) - tiers.above
                        end as decimal(18, 4)
                    )
                    + coalesce(tiers.flat_amount_minor, 0)
        end as cost_minor
    from units
    inner join tiers
        on
            units.price_key = tiers.price_key
            and units.currency = tiers.currency
            -- The first tier counts for nothing at all too.
            and (tiers.above < units.units or tiers.above = 0)
            and (
                units.tiers_mode = 'graduated'
                or (
                    units.tiers_mode = 'volume'
                    and units.units <= coalesce(tiers.up_to, units.units)
                )
            )
    where units.units is not null
),

amounts as (
    select
        term_key,
        place,
        max(unit_amount_minor * {{ minor_unit('currency') }}) as unit_amount,
        case
            when
                count(*) = count(cost_minor)
                and bool_or(up_to is null or up_to >= units)
                then
                    cast(sum(cost_minor) as decimal(38, 0)) * max({{ minor_unit('currency') }})
        end as interval_amount
    from costs
    group by
        term_key,
        place
),

said as (
    select
        term_key,
        min_by(unit_amount, place) as unit_amount,
        min_by(interval_amount, place) as interval_amount
    from amounts
    where interval_amount is not null
    group by term_key
),

final as (
    select
        asked.term_key,
        terms.product_id,
        coalesce(terms.has_unit_amount, false) as has_unit_amount,
        coalesce(asked.currency, terms.currency) as currency,
        terms.billing_interval,
        terms.interval_count,
        coalesce(
            terms.usage_type,
            asked.item_usage_type,
            case when asked.quantity is not null then 'licensed' end
        ) as usage_type,
        cast(said.unit_amount as decimal(28, 12)) as unit_amount,
        cast(said.interval_amount as decimal(28, 4)) as interval_amount
    from asked
    left outer join terms
        on asked.term_key = terms.term_key
    left outer join said
        on asked.term_key = said.term_key
)

select * from final
