-- Grain: one row per recurring line of a Stripe invoice that asks, or asked, for something.
-- Bills do (is_bill), and void ones did: Stripe made them of what was in force then. What was
-- issued after the as-of date is not known.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with invoices as (
    select
        invoice_id,
        subscription_id,
        issued_at,
        status = 'void' as is_void
    from {{ ref('stg_stripe__invoices') }}
    where
        ({{ is_bill('status') }} or status = 'void')
        and cast(issued_at as date) <= {{ as_of_date() }}
),

lines as (
    select
        invoice_id,
        line_item_id,
        subscription_id,
        subscription_item_id,
        price_id,
        product_id,
        price_type,
        usage_type,
        price,
        unit_amount_minor,
        amount,
        currency,
        quantity,
        is_proration,
        period_started_at,
        period_start,
        period_end
    from {{ ref('stg_stripe__invoice_line_items') }}
    where subscription_item_id is not null
),

prices as (
    select
        price_id,
        price_type
    from {{ ref('stg_stripe__prices') }}
),

usages as (
    select
        price_id,
        usage_type
    from {{ ref('int_stripe_price_usages') }}
),

recurring as (
    select
        coalesce(lines.subscription_id, invoices.subscription_id) as subscription_id,
        invoices.invoice_id,
        lines.line_item_id,
        invoices.issued_at,
        invoices.is_void,
        lines.subscription_item_id,
        lines.price_id,
        lines.product_id,
        lines.price,
        {{ price_key('lines.price') }} as price_key,
        -- Usage is never prorated. Null where nothing tells: then no amount of it is agreed.
        coalesce(
            lines.usage_type,
            usages.usage_type,
            case when lines.is_proration or lines.price is not null then 'licensed' end
        ) as usage_type,
        lines.amount,
        lines.currency,
        lines.quantity,
        lines.unit_amount_minor,
        lines.is_proration,
        lines.period_started_at,
        lines.period_start,
        lines.period_end
    from lines
    inner join invoices
        on lines.invoice_id = invoices.invoice_id
    left outer join prices
        on lines.price_id = prices.price_id
    left outer join usages
        on lines.price_id = usages.price_id
    where
        (lines.is_proration and lines.amount <> 0)
        or (
            not lines.is_proration
            and coalesce(lines.price_type, prices.price_type, 'recurring') = 'recurring'
        )
),

final as (
    select
        *,
        is_proration and amount < 0 as is_credit,
        not is_proration and coalesce(usage_type = 'licensed', false) as is_whole_period
    from recurring
)

select * from final
