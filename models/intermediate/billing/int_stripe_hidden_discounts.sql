-- Grain: one row per line of a Stripe invoice and discount that the invoice's own discounts hide.
-- An invoice takes the discounts of its subscription, or where that has none those of its customer.
-- A coupon for one bill on the subscription keeps the customer's away from that bill, a list of the
-- invoice itself both. An item's own discounts stay. One of which nobody says whose it is, is the
-- invoice's.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with lines as (
    select
        invoice_id,
        line_item_id,
        subscription_item_id,
        period_start
    from {{ ref('stg_stripe__invoice_line_items') }}
    where not is_proration
),

named as (
    select
        invoice_id,
        line_item_id,
        discount_id
    from {{ ref('stg_stripe__invoice_line_discounts') }}
),

once as (
    select
        discount_id,
        bool_or(subscription_item_id is not null) as is_of_item
    from {{ ref('int_stripe_discounts') }}
    where duration = 'once'
    group by discount_id
),

mentions as (
    select
        discount_id,
        bool_or(of_item_id is not null) as is_of_item,
        bool_or(of_invoice_id is not null) as is_of_invoice,
        bool_or(coalesce(subscription_id, of_subscription_id) is not null) as is_of_subscription
    from {{ ref('int_stripe_discount_mentions') }}
    group by discount_id
),

versions as (
    select
        subscription_item_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        net_share
    from {{ ref('int_stripe_line_versions') }}
),

lasting as (
    select
        subscription_item_id,
        valid_from,
        scope,
        discount_id,
        percent_off,
        amount_off,
        discount_from,
        coalesce(discount_to, cast('9999-12-31' as date)) as discount_to
    from {{ ref('int_stripe_line_discounts') }}
    where scope <> 'item'
),

hiding as (
    select
        named.invoice_id,
        bool_or(
            mentions.is_of_invoice
            or not coalesce(mentions.is_of_subscription, false)
        ) as is_of_invoice
    from named
    inner join once
        on named.discount_id = once.discount_id
    left outer join mentions
        on named.discount_id = mentions.discount_id
    where not once.is_of_item and not coalesce(mentions.is_of_item, false)
    group by named.invoice_id
),

final as (
    select
        lines.invoice_id,
        lines.line_item_id,
        lasting.discount_id,
        lasting.percent_off,
        -- As the line has it, with its tax.
        cast(lasting.amount_off / versions.net_share as decimal(18, 4)) as amount_off
    from lines
    inner join hiding
        on lines.invoice_id = hiding.invoice_id
    inner join versions
        on
            lines.subscription_item_id = versions.subscription_item_id
            and lines.period_start >= versions.valid_from
            and lines.period_start < versions.valid_to
    inner join lasting
        on
            versions.subscription_item_id = lasting.subscription_item_id
            and versions.valid_from = lasting.valid_from
            and lines.period_start >= lasting.discount_from
            and lines.period_start < lasting.discount_to
            and (lasting.scope = 'customer' or hiding.is_of_invoice)
    left outer join named
        on
            lines.invoice_id = named.invoice_id
            and lines.line_item_id = named.line_item_id
            and lasting.discount_id = named.discount_id
    where named.discount_id is null
)

select * from final
