-- Control total: every invoice and its amount, before and after identity and currency.
{{ config(meta={'dagster': {'ref': {'name': 'fct_invoice'}}}) }}

with invoices as (
    select
        source_system,
        invoice_id,
        currency,
        count(*) as invoices,
        sum(total) as total
    from {{ ref('int_billing_invoices') }}
    group by
        source_system,
        invoice_id,
        currency
),

facts as (
    select
        source_system,
        invoice_id,
        currency,
        count(*) as invoices,
        sum(total) as total
    from {{ ref('fct_invoice') }}
    group by
        source_system,
        invoice_id,
        currency
)

select
    coalesce(invoices.source_system, facts.source_system) as source_system,
    coalesce(invoices.invoice_id, facts.invoice_id) as invoice_id,
    invoices.currency,
    invoices.total,
    facts.total as fact_total
from invoices
full outer join facts
    on
        invoices.source_system = facts.source_system
        and invoices.invoice_id = facts.invoice_id
        and invoices.currency is not distinct from facts.currency
where
    invoices.invoices is distinct from facts.invoices
    or invoices.total is distinct from facts.total
