-- Grain: one row per Stripe invoice: what it asks for beyond its lines, and the tax within them.
-- Where no list of taxes says which is included: all of it, if the total adds nothing to the lines.
-- If it adds a part, a discount may be missing as well. net_share is what is left of an amount of a
-- line without its tax; null where nothing is said of taxes.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with lines as (
    select
        invoice_id,
        amount
    from {{ ref('stg_stripe__invoice_line_items') }}
),

line_discounts as (
    select
        invoice_id,
        amount
    from {{ ref('stg_stripe__invoice_line_discounts') }}
),

invoices as (
    select
        invoice_id,
        coalesce(tax, 0) as tax,
        included_tax,
        tax is not null or included_tax is not null as is_told,
        total
    from {{ ref('stg_stripe__invoices') }}
),

parts as (
    select
        invoice_id,
        amount
    from lines
    union all
    select
        invoice_id,
        -amount as amount
    from line_discounts
),

sums as (
    select
        invoice_id,
        sum(amount) as amount
    from parts
    group by invoice_id
),

measured as (
    select
        invoices.*,
        invoices.total - coalesce(sums.amount, 0) as beyond_lines
    from invoices
    left outer join sums
        on invoices.invoice_id = sums.invoice_id
),

divided as (
    select
        *,
        coalesce(
            included_tax,
            case when beyond_lines = 0 then tax end,
            0
        ) as tax_within
    from measured
),

final as (
    select
        invoice_id,
        beyond_lines,
        cast(tax - tax_within as decimal(18, 2)) as added_tax,
        cast(tax_within as decimal(18, 2)) as included_tax,
        case
            when not is_told then null
            when tax_within > 0 and total > tax
                then cast(total - tax as double) / cast(total - tax + tax_within as double)
            else 1
        end as net_share
    from divided
)

select * from final
