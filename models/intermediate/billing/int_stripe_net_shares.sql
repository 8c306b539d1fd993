-- Grain: one row per billed Stripe subscription: the share of its prices that is no tax.
-- As its newest bill has it that asks for something and says what tax it contains: tax changes with
-- the law and with where a customer is. 1 where prices contain none.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with invoices as (
    select
        invoice_id,
        subscription_id,
        issued_at
    from {{ ref('stg_stripe__invoices') }}
    where
        {{ is_bill('status') }}
        and total > 0
        and cast(issued_at as date) <= {{ as_of_date() }}
),

lines as (
    select distinct
        invoice_id,
        subscription_id
    from {{ ref('stg_stripe__invoice_line_items') }}
),

taxes as (
    select
        invoice_id,
        net_share
    from {{ ref('int_stripe_invoice_taxes') }}
),

bills as (
    select
        invoices.invoice_id,
        invoices.issued_at,
        coalesce(lines.subscription_id, invoices.subscription_id) as subscription_id
    from invoices
    left outer join lines
        on invoices.invoice_id = lines.invoice_id
),

final as (
    select
        bills.subscription_id,
        taxes.net_share
    from bills
    inner join taxes
        on bills.invoice_id = taxes.invoice_id
    where
        bills.subscription_id is not null
        and taxes.net_share is not null
    qualify
        row_number() over (
            partition by bills.subscription_id
            order by bills.issued_at desc, bills.invoice_id desc
        ) = 1
)

select * from final
