-- Grain: one row per contract line and month in which it bears ARR, pauses or is free at both ends.
-- The way from opening to closing ARR in steps, each the value after one more thing changed:
-- resumed, quantity, price or plan, discounts that ran out, other discounts. The last is the
-- closing ARR itself, so the steps add up to the cent. Free time is a discount, and so is all that
-- changes about a line of a negative price.
{% set terms = [
    'quantity', 'unit_amount', 'currency', 'billing_interval', 'interval_count', 'price_share',
    'amount_off', 'product_id', 'plan', 'arr',
] %}

with lines as (
    select
        source_system,
        subscription_item_id,
        month,
        {{ each_column(terms, 'opening_@') }},
        {{ each_column(terms, 'closing_@') }},
        opening_version_from,
        opening_is_suspended,
        opening_is_free or closing_is_free as is_free,
        closing_unit_amount < 0 as is_discount_line,
        (opening_arr < 0 or closing_arr < 0) as is_negative
    from {{ ref('int_arr_line_month') }}
    where
        (closing_arr <> 0 or closing_is_free)
        and (opening_arr <> 0 or opening_is_suspended or opening_is_free)
),

discounts as (
    select
        source_system,
        subscription_item_id,
        valid_from,
        percent_off,
        amount_off,
        {{ snapshot_month('discount_from') }} as first_month,
        {{ snapshot_month('discount_to') }} as last_month
    from {{ ref('int_arr_line_discounts') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

-- What is left of the discounts of the opening once those that end in the month are gone.
expiries as (
    select
        lines.source_system,
        lines.subscription_item_id,
        lines.month,
        bool_or(discounts.last_month = lines.month) as has_expired,
        cast(
            product(
                case
                    when discounts.last_month = lines.month then 1
                    else 1 - coalesce(discounts.percent_off, 0) / 100.0
                end
            ) as decimal(18, 8)
        ) as price_share,
        cast(
            sum(
                case
                    when discounts.last_month = lines.month then 0
                    else coalesce(discounts.amount_off, 0)
                end
            ) as decimal(18, 4)
        ) as amount_off
    from lines
    inner join discounts
        on
            lines.source_system = discounts.source_system
            and lines.subscription_item_id = discounts.subscription_item_id
            and lines.opening_version_from = discounts.valid_from
            and lines.month > discounts.first_month
            and (discounts.last_month is null or lines.month <= discounts.last_month)
    group by
        lines.source_system,
        lines.subscription_item_id,
        lines.month
    having bool_or(discounts.last_month = lines.month)
),

-- An amount off counts per billing interval: the same per year under another interval.
prepared as (
    select
        lines.*,
        opening_rates.plan_rate as opening_rate,
        closing_rates.plan_rate as closing_rate,
        coalesce(expiries.price_share, lines.opening_price_share) as kept_price_share,
        coalesce(expiries.amount_off, lines.opening_amount_off) as kept_amount_off,
        case
            when
                lines.opening_billing_interval = lines.closing_billing_interval
                and lines.opening_interval_count = lines.closing_interval_count
                then 1
            else
                {{ intervals_per_year('lines.opening_billing_interval') }}
                * lines.closing_interval_count * 1.0
                / {{ intervals_per_year('lines.closing_billing_interval') }}
                / lines.opening_interval_count
        end as interval_ratio
    from lines
    left outer join plan_rates as opening_rates
        on lines.opening_currency = opening_rates.currency
    left outer join plan_rates as closing_rates
        on lines.closing_currency = closing_rates.currency
    left outer join expiries
        on
            lines.source_system = expiries.source_system
            and lines.subscription_item_id = expiries.subscription_item_id
            and lines.month = expiries.month
),

-- A step in which nothing changes is the step before it: only changes are worked out.
resumed as (
    select
        *,
        case
            when opening_is_suspended
                then {{ line_arr(
                    'opening_quantity', 'opening_unit_amount', 'opening_billing_interval',
                    'opening_interval_count', 'opening_price_share', 'opening_amount_off',
                    'opening_rate', 'is_negative'
                ) }}
            else opening_arr
        end as resumed_arr
    from prepared
),

counted as (
    select
        *,
        case
            when opening_quantity = closing_quantity or is_discount_line then resumed_arr
            else {{ line_arr(
                'closing_quantity', 'opening_unit_amount', 'opening_billing_interval',
                'opening_interval_count', 'opening_price_share', 'opening_amount_off',
                'opening_rate', 'is_negative'
            ) }}
        end as quantity_arr
    from resumed
),

priced as (
    select
        *,
        case
            when
                is_free
                or is_discount_line
                or (
                    opening_unit_amount = closing_unit_amount
                    and opening_currency = closing_currency
                    and opening_billing_interval = closing_billing_interval
                    and opening_interval_count = closing_interval_count
                )
                then quantity_arr
            else {{ line_arr(
                'closing_quantity', 'closing_unit_amount', 'closing_billing_interval',
                'closing_interval_count', 'opening_price_share',
                'cast(opening_amount_off * interval_ratio as decimal(18, 4))', 'closing_rate',
                'is_negative'
            ) }}
        end as price_arr
    from counted
),

final as (
    select
        source_system,
        subscription_item_id,
        month,
        (
            opening_product_id is distinct from closing_product_id
            or opening_plan is distinct from closing_plan
            or opening_billing_interval is distinct from closing_billing_interval
            or opening_interval_count is distinct from closing_interval_count
        ) as is_other_plan,
        opening_arr,
        resumed_arr,
        quantity_arr,
        price_arr,
        case
            when kept_price_share = opening_price_share and kept_amount_off = opening_amount_off
                then price_arr
            else {{ line_arr(
                'closing_quantity', 'closing_unit_amount', 'closing_billing_interval',
                'closing_interval_count', 'kept_price_share',
                'cast(kept_amount_off * interval_ratio as decimal(18, 4))', 'closing_rate',
                'is_negative'
            ) }}
        end as expiry_arr,
        closing_arr
    from priced
)

select * from final
