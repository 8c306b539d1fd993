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
        place,
        discount_id,
        amount
    from {{ ref('stg_stripe__invoice_line_discounts') }}
),

-- The invoice line names the discount; how long it lasts is said by the discount.
discounts as (
    select
        discount_id,
        bool_or(duration = 'once') as is_once,
        max(percent_off) as percent_off
    from {{ ref('int_stripe_discounts') }}
    group by discount_id
),

hidden as (
    select
        invoice_id,
        line_item_id,
        discount_id,
        percent_off,
        amount_off
    from {{ ref('int_stripe_hidden_discounts') }}
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
        bool_or(discounts.is_once) as has_once
    from line_discounts
    left outer join discounts
        on line_discounts.discount_id = discounts.discount_id
    group by
        line_discounts.invoice_id,
        line_discounts.line_item_id
),

-- What would have been taken off without the coupons for this bill alone: what lasts, a percentage
-- of a larger amount then, and what they hide.
lasting as (
    select
        line_discounts.invoice_id,
        line_discounts.line_item_id,
        line_discounts.discount_id,
        line_discounts.place,
        1 - discounts.percent_off / 100 as share,
        case when discounts.percent_off is null then line_discounts.amount end as amount_off
    from line_discounts
    left outer join discounts
        on line_discounts.discount_id = discounts.discount_id
    where not coalesce(discounts.is_once, false)
    union all
    select
        invoice_id,
        line_item_id,
        discount_id,
        null as place,
        1 - percent_off / 100 as share,
        amount_off
    from hidden
),

stacked as (
    select
        *,
        amount_off * coalesce(product(share) over later, 1) as left_of_amount
    from lasting
    window later as (
        partition by invoice_id, line_item_id
        order by place nulls last, discount_id
        rows between 1 following and unbounded following
    )
),

lasting_sums as (
    select
        invoice_id,
        line_item_id,
        product(share) as share,
        sum(left_of_amount) as amount_off
    from stacked
    group by
        invoice_id,
        line_item_id
),

asked as (
    select
        lines.invoice_id,
        lines.line_item_id,
        lines.amount - coalesce(discount_sums.discount_amount, 0) as asked_amount,
        coalesce(discount_sums.discount_amount, 0) as discount_amount,
        case
            when discount_sums.has_once
                then
                    discount_sums.discount_amount
                    - lines.amount
                    + greatest(
                        lines.amount * coalesce(lasting_sums.share, 1)
                        - coalesce(lasting_sums.amount_off, 0), 0
                    )
            else 0
        end as once_discount_amount,
        coalesce(taxes.net_share, 1) as net_share
    from lines
    left outer join discount_sums
        on
            lines.invoice_id = discount_sums.invoice_id
            and lines.line_item_id = discount_sums.line_item_id
    left outer join lasting_sums
        on
            lines.invoice_id = lasting_sums.invoice_id
            and lines.line_item_id = lasting_sums.line_item_id
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
