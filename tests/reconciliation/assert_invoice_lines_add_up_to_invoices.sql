-- Control total: the lines of each invoice, its tax among them, are what the invoice asks for.
-- Invoices of the files source that came without a total are skipped.
{{ config(meta={'dagster': {'ref': {'name': 'fct_invoice_line'}}}) }}

with lines as (
    select
        source_system,
        invoice_id,
        sum(amount) as total
    from {{ ref('fct_invoice_line') }}
    where line_kind <> 'refund'
    group by
        source_system,
        invoice_id
),

invoices as (
    select
        source_system,
        invoice_id,
        total
    from {{ ref('fct_invoice') }}
    where total is not null
)

select
    invoices.source_system,
    invoices.invoice_id,
    invoices.total,
    lines.total as total_of_lines
from invoices
left outer join lines
    on
        invoices.source_system = lines.source_system
        and invoices.invoice_id = lines.invoice_id
where invoices.total <> coalesce(lines.total, 0)
