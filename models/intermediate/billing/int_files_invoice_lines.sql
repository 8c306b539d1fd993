-- Grain: one row per line of an invoice of the files source.
-- What an invoice asks for beyond its lines is a line of its own: `tax` beside recurring or other
-- lines, `not_itemised` when the invoice came without any.
{{ config(enabled=source_is_on('billing', 'files')) }}

with lines as (
    select
        invoice_line_id,
        invoice_id,
        amount,
        period_start,
        period_end,
        subscription_id,
        product_id,
        is_recurring,
        is_proration,
        quantity,
        {{ invoice_line_kind('line_kind') }} as told_kind,
        description
    from {{ ref('stg_files__invoice_lines') }}
),

invoices as (
    select
        invoice_id,
        issued_at,
        currency,
        total
    from {{ ref('int_files_invoices') }}
),

line_sums as (
    select
        invoice_id,
        sum(amount) as amount
    from lines
    group by invoice_id
),

-- A line that says its kind is of that kind. A line without the flag is recurring when it is a
-- proration, or has a period of service and a subscription. That it is no proration says nothing.
itemised as (
    select
        lines.*,
        cast(invoices.issued_at as date) as issued_on,
        invoices.currency,
        coalesce(
            lines.is_recurring,
            nullif(lines.is_proration, false),
            lines.subscription_id is not null and lines.period_end > lines.period_start
        ) as is_recurring_line
    from lines
    inner join invoices
        on lines.invoice_id = invoices.invoice_id
),

final as (
    select
        itemised.invoice_id,
        itemised.invoice_line_id,
        itemised.subscription_id,
        cast(null as varchar) as subscription_item_id,
        itemised.product_id,
        cast(null as varchar) as plan_id,
        case
            when itemised.told_kind is not null then itemised.told_kind
            when itemised.is_recurring_line then 'recurring'
            when itemised.amount < 0 then 'credit'
            else 'one_time'
        end as line_kind,
        coalesce(itemised.is_proration, false) as is_proration,
        cast(itemised.amount as decimal(18, 2)) as amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as once_discount_amount,
        itemised.currency,
        coalesce(itemised.period_start, itemised.issued_on) as service_start,
        coalesce(itemised.period_end, itemised.period_start, itemised.issued_on)
            as service_end,
        itemised.quantity,
        cast(null as decimal(28, 4)) as full_interval_amount,
        cast(null as varchar) as billing_interval,
        cast(null as integer) as interval_count,
        itemised.description
    from itemised
    union all
    select
        invoices.invoice_id,
        invoices.invoice_id || ':rest' as invoice_line_id,
        cast(null as varchar) as subscription_id,
        cast(null as varchar) as subscription_item_id,
        cast(null as varchar) as product_id,
        cast(null as varchar) as plan_id,
        case when line_sums.invoice_id is null then 'not_itemised' else 'tax' end as line_kind,
        false as is_proration,
        cast(invoices.total - coalesce(line_sums.amount, 0) as decimal(18, 2)) as amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as once_discount_amount,
        invoices.currency,
        cast(invoices.issued_at as date) as service_start,
        cast(invoices.issued_at as date) as service_end,
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(28, 4)) as full_interval_amount,
        cast(null as varchar) as billing_interval,
        cast(null as integer) as interval_count,
        'Beyond the lines' as description
    from invoices
    left outer join line_sums
        on invoices.invoice_id = line_sums.invoice_id
    where invoices.total <> coalesce(line_sums.amount, 0)
)

select * from final
