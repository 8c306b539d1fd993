-- Grain: one row per Stripe item with its price, currency and quantity: what it costs an interval.
-- Where no price object says it, what invoices billed for a whole interval does: for the item
-- itself, else for the same price, currency and quantity elsewhere, else by the price of one unit.
-- What nobody says stays unknown, and int_stripe_item_gaps names it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with asked as (
    select distinct
        term_key,
        subscription_item_id,
        price_id,
        quantity
    from {{ ref('int_stripe_state_items') }}
),

amounts as (
    select
        term_key,
        product_id,
        has_unit_amount,
        currency,
        billing_interval,
        interval_count,
        usage_type,
        unit_amount,
        interval_amount
    from {{ ref('int_stripe_item_amounts') }}
),

billed as (
    select
        subscription_item_id,
        price_id,
        currency,
        quantity,
        line_quantity,
        billing_interval,
        interval_count,
        product_id,
        period_days,
        last_billed_on,
        interval_amount,
        unit_amount
    from {{ ref('int_stripe_billed_prices') }}
),

unsaid as (
    select
        asked.term_key,
        asked.subscription_item_id,
        asked.price_id,
        asked.quantity,
        amounts.currency,
        amounts.has_unit_amount,
        365.0 * amounts.interval_count / {{ intervals_per_year('amounts.billing_interval') }}
            as interval_days
    from asked
    inner join amounts
        on asked.term_key = amounts.term_key
    where
        amounts.interval_amount is null
        and coalesce(amounts.usage_type, 'licensed') = 'licensed'
),

-- Many subscriptions may have one price: of each price, currency and quantity one row is enough.
billed_elsewhere as (
    select
        price_id,
        currency,
        quantity,
        line_quantity,
        billing_interval,
        interval_count,
        max(product_id) as product_id,
        max(period_days) as period_days,
        max(last_billed_on) as last_billed_on,
        max_by(interval_amount, last_billed_on) as interval_amount,
        max_by(unit_amount, last_billed_on) as unit_amount
    from billed
    where price_id is not null
    group by
        price_id,
        currency,
        quantity,
        line_quantity,
        billing_interval,
        interval_count
),

evidence as (
    select
        unsaid.*,
        billed.quantity as billed_quantity,
        billed.line_quantity,
        billed.currency as billed_currency,
        billed.billing_interval,
        billed.interval_count,
        billed.product_id,
        billed.period_days,
        billed.last_billed_on,
        billed.interval_amount,
        billed.unit_amount,
        0 as distance
    from unsaid
    inner join billed
        on
            unsaid.subscription_item_id = billed.subscription_item_id
            and unsaid.price_id is not distinct from billed.price_id
    union all
    select
        unsaid.*,
        billed_elsewhere.quantity as billed_quantity,
        billed_elsewhere.line_quantity,
        billed_elsewhere.currency as billed_currency,
        billed_elsewhere.billing_interval,
        billed_elsewhere.interval_count,
        billed_elsewhere.product_id,
        billed_elsewhere.period_days,
        billed_elsewhere.last_billed_on,
        billed_elsewhere.interval_amount,
        billed_elsewhere.unit_amount,
        1 as distance
    from unsaid
    inner join billed_elsewhere
        on unsaid.price_id = billed_elsewhere.price_id
),

valued as (
    select
        *,
        quantity in (billed_quantity, line_quantity) as is_same_quantity,
        case
            when quantity in (billed_quantity, line_quantity) then interval_amount
            else cast(
                coalesce(
                    unit_amount,
                    case when has_unit_amount then interval_amount / billed_quantity end
                ) * quantity / {{ minor_unit('billed_currency') }} as decimal(38, 0)
            ) * {{ minor_unit('billed_currency') }}
        end as amount
    from evidence
    where
        coalesce(currency = billed_currency, true)
        -- A whole interval of the price, where it says how long that is.
        and coalesce(abs(period_days - interval_days) <= interval_days / 10, true)
),

proven as (
    select *
    from valued
    where amount is not null
    qualify
        row_number() over (
            partition by term_key
            order by
                case when is_same_quantity then 0 else 1 end asc,
                distance asc,
                period_days desc,
                last_billed_on desc,
                amount desc
        ) = 1
),

final as (
    select
        amounts.term_key,
        coalesce(amounts.product_id, proven.product_id) as product_id,
        coalesce(amounts.currency, proven.billed_currency) as currency,
        coalesce(amounts.billing_interval, proven.billing_interval) as billing_interval,
        coalesce(
            amounts.interval_count,
            case when amounts.billing_interval is null then proven.interval_count end,
            1
        ) as interval_count,
        amounts.usage_type,
        cast(coalesce(amounts.interval_amount, proven.amount) as decimal(28, 4))
            as interval_amount,
        cast(
            coalesce(
                amounts.unit_amount,
                coalesce(amounts.interval_amount, proven.amount) / nullif(asked.quantity, 0)
            ) as decimal(18, 4)
        ) as unit_amount,
        case
            when amounts.interval_amount is not null then 'price'
            when proven.term_key is not null then 'invoice_lines'
        end as priced_by
    from amounts
    inner join asked
        on amounts.term_key = asked.term_key
    left outer join proven
        on amounts.term_key = proven.term_key
)

select * from final
