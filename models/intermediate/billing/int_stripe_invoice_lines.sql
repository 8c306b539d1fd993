-- Grain: one row per line of a Stripe invoice, its tax as a line of its own.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with lines as (
    select
        invoice_id,
        line_item_id,
        subscription_id,
        subscription_item_id,
        price_id,
        product_id,
        price_type,
        line_type,
        usage_type,
        amount,
        currency,
        description,
        period_start,
        period_end,
        is_proration,
        quantity
    from {{ ref('stg_stripe__invoice_line_items') }}
),

amounts as (
    select
        invoice_id,
        line_item_id,
        amount,
        discount_amount,
        once_discount_amount,
        tax,
        net_share
    from {{ ref('int_stripe_line_amounts') }}
),

prices as (
    select
        price_id,
        product_id,
        price_type,
        unit_amount,
        currency,
        billing_interval,
        interval_count
    from {{ ref('stg_stripe__prices') }}
),

usages as (
    select
        price_id,
        usage_type
    from {{ ref('int_stripe_price_usages') }}
),

invoices as (
    select
        invoice_id,
        subscription_id
    from {{ ref('stg_stripe__invoices') }}
),

rests as (
    select
        invoice_id,
        subscription_id,
        line_kind,
        amount,
        currency,
        issued_on
    from {{ ref('int_stripe_invoice_rests') }}
),

priced as (
    select
        lines.*,
        coalesce(lines.price_type, prices.price_type) as known_price_type,
        coalesce(lines.usage_type, usages.usage_type) as known_usage_type,
        amounts.amount as net_amount,
        amounts.discount_amount,
        amounts.once_discount_amount,
        amounts.tax,
        amounts.net_share,
        coalesce(lines.product_id, prices.product_id) as known_product_id,
        -- In another currency the price has another amount.
        case
            when prices.currency = lines.currency
                then {{ gross_interval_amount('prices.unit_amount', 'lines.quantity') }}
        end as interval_amount,
        prices.billing_interval,
        prices.interval_count
    from lines
    left outer join prices
        on lines.price_id = prices.price_id
    left outer join usages
        on lines.price_id = usages.price_id
    inner join amounts
        on
            lines.invoice_id = amounts.invoice_id
            and lines.line_item_id = amounts.line_item_id
),

final as (
    select
        priced.invoice_id,
        priced.invoice_id || ':' || priced.line_item_id as invoice_line_id,
        coalesce(priced.subscription_id, invoices.subscription_id) as subscription_id,
        priced.subscription_item_id,
        priced.known_product_id as product_id,
        priced.price_id as plan_id,
        case
            when priced.known_usage_type = 'metered' then 'usage'
            when priced.known_price_type = 'recurring' or priced.is_proration then 'recurring'
            when priced.amount < 0 then 'credit'
            -- A line of a subscription whose price nothing tells.
            when
                priced.known_price_type is null
                and priced.line_type = 'subscription'
                and priced.period_end > priced.period_start
                then 'recurring'
            else 'one_time'
        end as line_kind,
        priced.is_proration,
        priced.net_amount as amount,
        priced.discount_amount,
        priced.once_discount_amount,
        priced.currency,
        priced.period_start as service_start,
        priced.period_end as service_end,
        priced.quantity,
        case
            when priced.known_price_type = 'recurring' and priced.known_usage_type = 'licensed'
                then {{ without_tax(
                    'priced.interval_amount', 'priced.net_share', 'decimal(28, 4)'
                ) }}
        end as full_interval_amount,
        priced.billing_interval,
        priced.interval_count,
        priced.description
    from priced
    left outer join invoices
        on priced.invoice_id = invoices.invoice_id
    union all
    select
        priced.invoice_id,
        priced.invoice_id || ':' || priced.line_item_id || ':tax' as invoice_line_id,
        coalesce(priced.subscription_id, invoices.subscription_id) as subscription_id,
        cast(null as varchar) as subscription_item_id,
        cast(null as varchar) as product_id,
        cast(null as varchar) as plan_id,
        'tax' as line_kind,
        false as is_proration,
        priced.tax as amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as once_discount_amount,
        priced.currency,
        priced.period_start as service_start,
        priced.period_end as service_end,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(28, 4)) as full_interval_amount,
        cast(null as varchar) as billing_interval,
        cast(null as integer) as interval_count,
        'Tax within the line' as description
    from priced
    left outer join invoices
        on priced.invoice_id = invoices.invoice_id
    where priced.tax <> 0
    union all
    select
        invoice_id,
        invoice_id || case when line_kind = 'tax' then ':tax' else ':rest' end
            as invoice_line_id,
        subscription_id,
        cast(null as varchar) as subscription_item_id,
        cast(null as varchar) as product_id,
        cast(null as varchar) as plan_id,
        line_kind,
        false as is_proration,
        cast(amount as decimal(18, 2)) as amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as once_discount_amount,
        currency,
        issued_on as service_start,
        issued_on as service_end,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(28, 4)) as full_interval_amount,
        cast(null as varchar) as billing_interval,
        cast(null as integer) as interval_count,
        case when line_kind = 'tax' then 'Tax' else 'Beyond the lines' end as description
    from rests
)

select * from final
