-- Grain: one row per billing system and invoice of which money was given back, without its tax.
-- When a contract ended before the paid term, the refund is for the days that were left; else it
-- is for the whole service of the invoice.
{% set columns = {
    'invoice_id': 'varchar',
    'amount': 'decimal(18, 2)',
} %}

with united as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_refunds', 'files': 'int_files_refunds'},
        columns
    ) }}
),

lines as (
    select
        source_system,
        invoice_id,
        subscription_id,
        customer_key,
        currency,
        issued_on,
        line_kind,
        amount,
        service_start,
        service_end
    from {{ ref('int_billing_invoice_lines') }}
    where is_billed
),

subscriptions as (
    select
        source_system,
        subscription_id,
        ended_on
    from {{ ref('int_billing_subscriptions') }}
),

invoices as (
    select
        source_system,
        invoice_id,
        max(subscription_id) as subscription_id,
        max(customer_key) as customer_key,
        max(currency) as currency,
        max(issued_on) as issued_on,
        sum(amount) as total,
        sum(case when line_kind = 'tax' then 0 else amount end) as subtotal,
        min(case when line_kind = 'recurring' then service_start end) as service_start,
        max(case when line_kind = 'recurring' then service_end end) as service_end
    from lines
    group by
        source_system,
        invoice_id
),

final as (
    select
        united.source_system,
        united.invoice_id,
        invoices.subscription_id,
        invoices.customer_key,
        invoices.currency,
        invoices.issued_on,
        cast(
            case
                when invoices.total > 0
                    then {{ part_of(
                        'united.amount',
                        'greatest(invoices.subtotal, 0) * 100',
                        'invoices.total * 100',
                        2
                    ) }}
                else united.amount
            end as decimal(18, 2)
        ) as amount,
        case
            when
                subscriptions.ended_on > invoices.service_start
                and subscriptions.ended_on < invoices.service_end
                then subscriptions.ended_on
            else coalesce(invoices.service_start, invoices.issued_on)
        end as service_start,
        coalesce(invoices.service_end, invoices.issued_on) as service_end
    from united
    inner join invoices
        on
            united.source_system = invoices.source_system
            and united.invoice_id = invoices.invoice_id
    left outer join subscriptions
        on
            invoices.source_system = subscriptions.source_system
            and invoices.subscription_id = subscriptions.subscription_id
)

select * from final
