-- Grain: one row per contract line and day from which the line by itself makes this ARR.
-- Intervals are half-open and do not overlap; a day outside all of them has no ARR. Rounding: four
-- decimals per billing interval and year in the line's currency, cents when annualised. arr is at
-- the plan rate or at that of the booking (fx_mode). A line of a negative price or quantity takes
-- away from its contract. A trial after the first paid day of its subscription is a full discount.
-- is_free, is_on_hold: paid before, and free of charge while in force, or paused, now.
{% set as_booked = var('fx_mode') == 'as_booked' %}
{% set terms = [
    'subscription_id', 'product_id', 'quantity', 'unit_amount', 'currency', 'billing_interval',
    'interval_count', 'usage_type', 'status', 'booked_on', 'booked_rate',
] %}

with segments as (
    select
        {{ each_column([
            'source_system', 'subscription_item_id', 'valid_from', 'valid_to', 'version_from',
            'account_id', 'contract_account_id', 'is_paused', 'stretch',
        ], '@') }}
    from {{ ref('int_arr_line_segments') }}
),

versions as (
    select
        {{ each_column(['source_system', 'subscription_item_id', 'valid_from'], '@') }},
        {{ each_column(['price_id', 'interval_amount'] + terms, '@') }}
    from {{ ref('int_arr_line_versions') }}
),

discounts as (
    select
        {{ each_column(['source_system', 'subscription_item_id', 'valid_from'], '@') }},
        {{ each_column(['percent_off', 'amount_off', 'discount_from', 'discount_to'], '@') }}
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
        {{ each_column(['source_system', 'product_id', 'is_core'], '@') }}
    from {{ ref('int_billing_products') }}
),

segment_discounts as (
    select
        segments.source_system,
        segments.subscription_item_id,
        segments.valid_from,
        cast(
            product(1 - discounts.percent_off / 100.0) as decimal(18, 8)
        ) as price_share,
        cast(sum(discounts.amount_off) as decimal(18, 4)) as amount_off
    from segments
    inner join discounts
        on
            segments.source_system = discounts.source_system
            and segments.subscription_item_id = discounts.subscription_item_id
            and segments.version_from = discounts.valid_from
            and segments.valid_from >= discounts.discount_from
            and coalesce(segments.valid_from < discounts.discount_to, true)
    group by
        segments.source_system,
        segments.subscription_item_id,
        segments.valid_from
),

priced as (
    select
        segments.*,
        versions.price_id as plan_id,
        {{ each_column(terms, 'versions.@') }},
        coalesce(segment_discounts.price_share, 1) as price_share,
        coalesce(segment_discounts.amount_off, 0) as amount_off,
        coalesce(
            versions.interval_amount,
            {{ gross_interval_amount('versions.unit_amount', 'versions.quantity') }}
        ) as gross_amount,
        {{ is_billable_status('versions.status') }}
        {%- if var('pause_policy') == 'zero' %} and not segments.is_paused{% endif %} as is_billable
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
        {{ annualise(
            net_interval_amount(
                rounded('gross_amount * price_share', 12, 'decimal(28, 4)'), 'amount_off',
                'gross_amount < 0'
            ), 'billing_interval', 'interval_count'
        ) }} as net_annual_amount
    from priced
),

-- The first paid day of a subscription: a trial before it is no contract yet. A line that costs
-- nothing between two days on which it does is free for that time.
begun as (
    select
        *,
        min(case when is_billable and net_annual_amount > 0 then valid_from end)
            over (partition by source_system, subscription_id) as first_paid_on,
        gross_amount = 0
        and quantity > 0
        and max(gross_amount) over earlier > 0
        and max(gross_amount) over later > 0 as is_unpriced_between
    from discounted
    window
        earlier as (
            partition by source_system, subscription_item_id, stretch order by valid_from
            rows between unbounded preceding and 1 preceding
        ),
        later as (
            partition by source_system, subscription_item_id, stretch order by valid_from
            rows between 1 following and unbounded following
        )
),

annualised as (
    select
        *,
        coalesce(valid_from > first_paid_on, false) as was_paid,
        status = 'trialing' and was_paid and not is_paused as is_free_trial,
        case when is_billable then coalesce(net_annual_amount, 0) else 0 end as arr_local
    from begun
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
            'amount_off', 'net_annual_amount', 'status', 'is_paused', 'booked_on', 'booked_rate',
            'arr_constant', 'arr_as_booked',
        ], 'converted.@') }},
        converted.is_billable or converted.is_free_trial as is_billable,
        case when converted.is_free_trial then 0 else converted.price_share end as price_share,
        coalesce(
            converted.was_paid
            and converted.arr_local = 0
            and (
                converted.is_free_trial
                or (converted.is_billable and converted.gross_amount > 0)
                or converted.is_unpriced_between
            ), false
        ) as is_free,
        converted.is_paused and converted.was_paid as is_on_hold,
        -- Licensed seats: the quantity of core products. Add-ons are bought by the same users, and
        -- a line of a negative price is a discount.
        cast(
            case
                when
                    (converted.is_billable or converted.is_free_trial)
                    and converted.usage_type = 'licensed'
                    and coalesce(products.is_core, true)
                    and not coalesce(converted.unit_amount < 0, false)
                    then converted.quantity
                else 0
            end as decimal(18, 4)
        ) as seats,
        cast(converted.arr_local as decimal(28, 4)) as arr_local,
        converted.{{ 'arr_as_booked' if as_booked else 'arr_constant' }} as arr
    from converted
    left outer join products
        on
            converted.source_system = products.source_system
            and converted.product_id = products.product_id
)

select * from final
