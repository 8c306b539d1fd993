-- Grain: one row per line of a Stripe invoice: what of it is asked for, taken off, and tax.
-- Stripe gives a line before its discounts, and with its tax where the price has it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with lines as (
    select
        invoice_id,
        line_item_id,
        amount
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

taxes as (
    select
        invoice_id,
        net_share
    from {{ ref('int_stripe_invoice_taxes') }}
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

asked as (
    select
        lines.invoice_id,
        lines.line_item_id,
        lines.amount - coalesce(discount_sums.discount_amount, 0) as asked_amount,
        coalesce(discount_sums.discount_amount, 0) as discount_amount,
        coalesce(discount_sums.once_discount_amount, 0) as once_discount_amount,
        coalesce(taxes.net_share, 1) as net_share
    from lines
    left outer join discount_sums
        on
            lines.invoice_id = discount_sums.invoice_id
            and lines.line_item_id = discount_sums.line_item_id
    left outer join taxes
        on lines.invoice_id = taxes.invoice_id
),

final as (
    select
        invoice_id,
        line_item_id,
        {%- for column in ['asked_amount', 'discount_amount', 'once_discount_amount'] %}
        {{ without_tax(column, 'net_share', 'decimal(18, 2)') }}
            as {{ column | replace('asked_', '') }},
        {%- endfor %}
        cast(
            asked_amount - {{ without_tax('asked_amount', 'net_share', 'decimal(18, 2)') }}
            as decimal(18, 2)
        ) as tax,
        net_share
    from asked
)

select * from final
