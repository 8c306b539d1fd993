-- Grain: one row per Stripe item with its price, currency and quantity: what price objects say.
-- An amount is rounded once, for the whole interval, to the minor unit, as Stripe bills it. Of what
-- is metered only the flat amount of the first tier is agreed: it is billed whatever is used.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with candidates as (
    select
        term_key,
        quantity,
        item_usage_type,
        currency,
        price_key,
        place,
        product_id,
        billing_scheme,
        tiers_mode,
        divide_by,
        divided_round,
        billing_interval,
        interval_count,
        usage_type
    from {{ ref('int_stripe_item_candidates') }}
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

terms as (
    select
        term_key,
        {%- for column in (
            'currency', 'product_id', 'billing_scheme', 'divide_by', 'billing_interval',
            'interval_count',
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

agreed as (
    select
        candidates.*,
        case when terms.usage_type = 'metered' then 0 else candidates.quantity end
            as agreed_quantity
    from candidates
    inner join terms
        on candidates.term_key = terms.term_key
),

units as (
    select
        term_key,
        price_key,
        place,
        currency,
        billing_scheme = 'per_unit' and divide_by is null as has_unit_amount,
        case when billing_scheme = 'per_unit' then 'graduated' else tiers_mode end as tiers_mode,
        cast(
            case
                when divide_by is null then agreed_quantity
                when divided_round = 'up' then ceil(agreed_quantity / nullif(divide_by, 0))
                when divided_round = 'down' then floor(agreed_quantity / nullif(divide_by, 0))
            end as decimal(18, 4)
        ) as units
    from agreed
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
                            else
                                least(units.units, coalesce(tiers.up_to, units.units))
                                - tiers.above
                        end as decimal(18, 4)
                    )
                    + coalesce(tiers.flat_amount_minor, 0)
        end as cost_minor
    from units
    inner join tiers
        on
            units.price_key = tiers.price_key
            and units.currency = tiers.currency
            -- The first tier is billed for nothing at all, too.
            and (units.units > tiers.above or tiers.above = 0)
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
        terms.term_key,
        terms.product_id,
        -- Whether what one unit costs says what all of them do.
        terms.billing_scheme = 'per_unit' and terms.divide_by is null as has_unit_amount,
        terms.currency,
        terms.billing_interval,
        terms.interval_count,
        terms.usage_type,
        cast(said.unit_amount as decimal(28, 12)) as unit_amount,
        cast(
            case
                -- By the unit nothing is agreed before it is used, whatever a unit costs.
                when terms.usage_type = 'metered' and terms.billing_scheme = 'per_unit' then 0
                when terms.usage_type in ('licensed', 'metered') then said.interval_amount
            end as decimal(28, 4)
        ) as interval_amount
    from terms
    left outer join said
        on terms.term_key = said.term_key
)

select * from final
