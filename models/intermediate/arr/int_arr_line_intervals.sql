-- Grain: one row per contract line and day from which its ARR holds (the ARR ledger).
-- Intervals are half-open and do not overlap; a day outside all of them has no ARR. Rounding:
-- four decimals per billing interval and year in the line's currency, cents when annualised. arr
-- is arr_constant, at the plan rate, or arr_as_booked, at the rate of the booking (fx_mode).
{% set as_booked = var('fx_mode') == 'as_booked' %}

with segments as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        valid_to,
        version_from,
        account_id,
        contract_account_id,
        is_paused
    from {{ ref('int_arr_line_segments') }}
),

versions as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        subscription_id,
        product_id,
        price_id,
        quantity,
        unit_amount,
        interval_amount,
        currency,
        billing_interval,
        interval_count,
        usage_type,
        status,
        booked_on,
        booked_rate
    from {{ ref('int_arr_line_versions') }}
),

discounts as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        percent_off,
        amount_off,
        discount_from,
        discount_to
    from {{ ref('int_arr_line_discounts') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

products as (
    select
        source_system,
        product_id,
        is_core
    from {{ ref('int_billing_products') }}
),

segment_discounts as (
    select
        segments.source_system,
        segments.subscription_item_id,
        segments.valid_from,
        cast(
            product(1 - coalesce(discounts.percent_off, 0) / 100.0) as decimal(18, 8)
        ) as price_share,
        cast(sum(coalesce(discounts.amount_off, 0)) as decimal(18, 4)) as amount_off
    from segments
    inner join discounts
        on
            segments.source_system = discounts.source_system
            and segments.subscription_item_id = discounts.subscription_item_id
            and segments.version_from = discounts.valid_from
            and segments.valid_from >= discounts.discount_from
            and (
                discounts.discount_to is null
                or segments.valid_from < discounts.discount_to
            )
    group by
        segments.source_system,
        segments.subscription_item_id,
        segments.valid_from
),

priced as (
    select
        segments.*,
        versions.subscription_id,
        versions.product_id,
        versions.price_id as plan_id,
        versions.quantity,
        versions.unit_amount,
        versions.currency,
        versions.billing_interval,
        versions.interval_count,
        versions.usage_type,
        versions.status,
        versions.booked_on,
        versions.booked_rate,
        coalesce(segment_discounts.price_share, 1) as price_share,
        coalesce(segment_discounts.amount_off, 0) as amount_off,
        coalesce(
            versions.interval_amount,
            {{ gross_interval_amount('versions.unit_amount', 'versions.quantity') }}
        ) as gross_interval_amount,
        {{ is_billable_status('versions.status') }}
        {%- if var('pause_policy') == 'zero' %}
        and not segments.is_paused
        {%- endif %} as is_billable
    from segments
    inner join versions
        on
            segments.source_system = versions.source_system
            and segments.subscription_item_id = versions.subscription_item_id
            and segments.version_from = versions.valid_from
    left outer join segment_discounts
        on
            segments.source_system = segment_discounts.source_system
            and segments.subscription_item_id = segment_discounts.subscription_item_id
            and segments.valid_from = segment_discounts.valid_from
),

discounted as (
    select
        *,
        {{ rounded('gross_interval_amount * price_share', 12, 'decimal(28, 4)') }}
        - amount_off as net_interval_amount
    from priced
),

annualised as (
    select
        *,
        case
            when is_billable and gross_interval_amount is not null
                then {{ annualise(
                    'greatest(net_interval_amount, 0)', 'billing_interval', 'interval_count'
                ) }}
            else 0
        end as arr_local
    from discounted
),

converted as (
    select
        annualised.*,
        {{ rounded('annualised.arr_local * plan_rates.plan_rate', 12, 'decimal(18, 2)') }}
            as arr_constant,
        {{ rounded('annualised.arr_local * annualised.booked_rate', 12, 'decimal(18, 2)') }}
            as arr_as_booked
    from annualised
    left outer join plan_rates
        on annualised.currency = plan_rates.currency
),

final as (
    select
        {{ each_column([
            'source_system', 'subscription_item_id', 'valid_from', 'valid_to', 'version_from',
            'account_id', 'contract_account_id', 'subscription_id', 'product_id', 'plan_id',
            'quantity', 'unit_amount', 'currency', 'billing_interval', 'interval_count',
            'price_share', 'amount_off', 'status', 'is_paused', 'is_billable', 'booked_on',
            'booked_rate',
        ], 'converted.@') }},
        -- Licensed seats: the quantity of core products. Add-ons are bought by the same users.
        cast(
            case
                when
                    converted.is_billable
                    and converted.usage_type = 'licensed'
                    and coalesce(products.is_core, true)
                    then converted.quantity
                else 0
            end as decimal(18, 4)
        ) as seats,
        cast(converted.arr_local as decimal(28, 4)) as arr_local,
        converted.arr_constant,
        converted.arr_as_booked,
        converted.{{ 'arr_as_booked' if as_booked else 'arr_constant' }} as arr
    from converted
    left outer join products
        on
            converted.source_system = products.source_system
            and converted.product_id = products.product_id
)

select * from final
