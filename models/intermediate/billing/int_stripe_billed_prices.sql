-- Grain: one row per Stripe subscription item, price, currency, quantities and interval that
-- invoices billed whole: what a price costs where its object does not say it.
-- Graduated tiers are billed line by line: their amounts add up, and the sum or the highest of
-- their quantities is the quantity. Nothing billed in a trial is evidence of a price.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with lines as (
    select
        subscription_id,
        invoice_id,
        subscription_item_id,
        price_id,
        product_id,
        currency,
        amount,
        quantity,
        unit_amount_minor,
        period_start,
        period_end
    from {{ ref('int_stripe_recurring_lines') }}
    where
        is_whole_period
        and not is_void
        and period_start < period_end
),

trials as (
    select
        subscription_id,
        max(trial_to) as trial_to
    from {{ ref('int_stripe_listed_items') }}
    group by subscription_id
),

periods as (
    select
        subscription_id,
        subscription_item_id,
        price_id,
        currency,
        period_start,
        period_end,
        max(product_id) as product_id,
        cast(sum(amount) as decimal(28, 4)) as amount,
        cast(sum(quantity) as decimal(18, 4)) as quantity,
        max(quantity) as line_quantity,
        case
            when count(*) = 1
                then max(
                    {{ dbt.safe_cast('unit_amount_minor', 'decimal(38, 12)') }}
                    * {{ minor_unit('currency') }}
                )
        end as unit_amount
    from lines
    group by
        subscription_id,
        invoice_id,
        subscription_item_id,
        price_id,
        currency,
        period_start,
        period_end
),

billed as (
    select periods.*
    from periods
    left outer join trials
        on periods.subscription_id = trials.subscription_id
    where
        periods.amount <> 0
        or trials.trial_to is null
        or periods.period_start >= trials.trial_to
),

measured as (
    select
        *,
        {{ days_between('period_start', 'period_end') }} as period_days,
        {{ months_between('period_start', 'period_end') }} as months,
        extract(day from period_start) as start_day,
        extract(day from period_end) as end_day,
        period_start = {{ dbt.last_day('period_start', 'month') }} as starts_on_last_day,
        period_end = {{ dbt.last_day('period_end', 'month') }} as ends_on_last_day
    from billed
),

-- Months begin and end on the same day, or on the last one of a month that has no such day.
counted as (
    select
        *,
        case
            when
                start_day = end_day
                or (starts_on_last_day and end_day > start_day)
                or (ends_on_last_day and start_day > end_day)
                then months
        end as period_months
    from measured
),

timed as (
    select
        *,
        case
            when period_months % 12 = 0 then 'year'
            when period_months is not null then 'month'
            when period_days % 7 = 0 then 'week'
            else 'day'
        end as billing_interval,
        cast(
            case
                when period_months % 12 = 0 then period_months / 12
                when period_months is not null then period_months
                when period_days % 7 = 0 then period_days / 7
                else period_days
            end as integer
        ) as interval_count
    from counted
),

final as (
    select
        subscription_item_id,
        price_id,
        currency,
        quantity,
        line_quantity,
        billing_interval,
        interval_count,
        max(product_id) as product_id,
        max(period_days) as period_days,
        max(period_start) as last_billed_on,
        max_by(amount, period_start) as interval_amount,
        -- Of one unit, where that is what the line multiplied: not in packages, nor in tiers.
        cast(
            max_by(
                case
                    when abs(unit_amount * quantity - amount) <= {{ minor_unit('currency') }}
                        then unit_amount
                end,
                period_start
            ) as decimal(28, 12)
        ) as unit_amount
    from timed
    group by
        subscription_item_id,
        price_id,
        currency,
        quantity,
        line_quantity,
        billing_interval,
        interval_count
)

select * from final
