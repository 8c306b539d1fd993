-- Grain: one row per line of a Stripe invoice, its tax as a line of its own.
-- Stripe gives a line before its discounts; here the amount is what the invoice asks for.
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

line_discounts as (
    select
        invoice_id,
        line_item_id,
        discount_id,
        amount
    from {{ ref('stg_stripe__invoice_line_discounts') }}
),

-- The invoice line names the discount; how long it lasts is said by the discount.
once_discounts as (
    select distinct discount_id
    from {{ ref('int_stripe_discounts') }}
    where duration = 'once'
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

discount_sums as (
    select
        line_discounts.invoice_id,
        line_discounts.line_item_id,
        sum(line_discounts.amount) as discount_amount,
        sum(
            case when once_discounts.discount_id is not null then line_discounts.amount else 0 end
        ) as once_discount_amount
    from line_discounts
    left outer join once_discounts
        on line_discounts.discount_id = once_discounts.discount_id
    group by
        line_discounts.invoice_id,
        line_discounts.line_item_id
),

priced as (
    select
        lines.*,
        coalesce(lines.price_type, prices.price_type) as known_price_type,
        coalesce(lines.usage_type, usages.usage_type) as known_usage_type,
        lines.amount - coalesce(discount_sums.discount_amount, 0) as net_amount,
        coalesce(discount_sums.discount_amount, 0) as discount_amount,
        coalesce(discount_sums.once_discount_amount, 0) as once_discount_amount,
        coalesce(lines.product_id, prices.product_id) as known_product_id,
        -- In another currency the price has another amount.
        case when prices.currency = lines.currency then prices.unit_amount end as unit_amount,
        prices.billing_interval,
        prices.interval_count
    from lines
    left outer join prices
        on lines.price_id = prices.price_id
    left outer join usages
        on lines.price_id = usages.price_id
    left outer join discount_sums
        on
            lines.invoice_id = discount_sums.invoice_id
            and lines.line_item_id = discount_sums.line_item_id
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
        cast(priced.net_amount as decimal(18, 2)) as amount,
        cast(priced.discount_amount as decimal(18, 2)) as discount_amount,
        cast(priced.once_discount_amount as decimal(18, 2)) as once_discount_amount,
        priced.currency,
        priced.period_start as service_start,
        priced.period_end as service_end,
        priced.quantity,
        cast(
            case
                when priced.known_price_type = 'recurring' and priced.known_usage_type = 'licensed'
                    then {{ gross_interval_amount('priced.unit_amount', 'priced.quantity') }}
            end as decimal(28, 4)
        ) as full_interval_amount,
        priced.billing_interval,
        priced.interval_count,
        priced.description
    from priced
    left outer join invoices
        on priced.invoice_id = invoices.invoice_id
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
