-- Grain: one row per recurring line of a Stripe invoice about a time of which no event tells.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with gaps as (
    select
        subscription_id,
        told_from
    from {{ ref('int_stripe_event_gaps') }}
),

lines as (
    select
        subscription_id,
        invoice_id,
        line_item_id,
        issued_at,
        subscription_item_id,
        price_id,
        product_id,
        price,
        is_price_delivered,
        usage_type,
        lower(currency) as currency,
        quantity,
        unit_amount_minor,
        is_proration,
        is_credit,
        is_whole_period,
        period_started_at,
        period_start,
        period_end
    from {{ ref('int_stripe_recurring_lines') }}
),

told as (
    select
        lines.*,
        case
            when not lines.is_proration
                then nullif(
                    {{ dbt.datediff('lines.period_start', 'lines.period_end', 'day') }}, 0
                )
        end as period_days,
        case
            when not lines.is_proration
                then nullif({{ months_between('lines.period_start', 'lines.period_end') }}, 0)
        end as period_months
    from lines
    inner join gaps
        on
            lines.subscription_id = gaps.subscription_id
            and lines.period_start < gaps.told_from
),

-- A proration is for a part of a period: how long a whole one is, other lines of the price say.
-- Lines without the name of a price have that of their item in common.
measured as (
    select
        *,
        max(unit_amount_minor) over same_price as known_unit_amount,
        max(period_days) over same_price as known_days,
        max(period_months) over same_price as known_months
    from told
    window same_price as (partition by coalesce(price_id, subscription_item_id))
),

-- What ends in the month it began in is counted in days, however long: four weeks, thirty days.
counted as (
    select
        *,
        case when known_days < 28 or known_months is null then known_days end as counted_days
    from measured
),

billed as (
    select
        *,
        case
            when counted_days % 7 = 0 then 'week'
            when counted_days is not null then 'day'
            when known_months % 12 = 0 then 'year'
            when known_months is not null then 'month'
        end as billing_interval,
        cast(
            case
                when counted_days % 7 = 0 then counted_days / 7
                when counted_days is not null then counted_days
                when known_months % 12 = 0 then known_months / 12
                else known_months
            end as integer
        ) as interval_count
    from counted
),

-- A price never changes in Stripe, so its id is enough; where it was not delivered, the line has it
-- in full, or says what one unit costs and by its period how often.
priced as (
    select
        *,
        case
            when is_price_delivered then '"' || price_id || '"'
            when coalesce(price, 'null') <> 'null' then cast(price as varchar)
            else
                '{"id":"' || coalesce(price_id, '')
                || '","currency":"' || currency || '"'
                || coalesce(',"product":"' || product_id || '"', '')
                || coalesce(',"unit_amount_decimal":"' || known_unit_amount || '"', '')
                || coalesce(
                    ',"recurring":{"interval":"' || billing_interval
                    || '","interval_count":' || cast(interval_count as varchar) || '}', ''
                )
                || '}'
        end as price_json
    from billed
),

final as (
    select
        subscription_id,
        invoice_id,
        line_item_id,
        issued_at,
        subscription_item_id,
        usage_type,
        is_proration,
        is_credit,
        is_whole_period,
        period_started_at,
        period_start,
        period_end,
        -- What was used is no quantity that was agreed.
        '{"id":"' || subscription_item_id || '","price":' || price_json
        || case
            when usage_type = 'licensed' then ',"quantity":' || cast(quantity as varchar)
            else ''
        end || '}' as item
    from priced
)

select * from final
