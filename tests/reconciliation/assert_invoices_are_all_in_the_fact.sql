-- Control total: invoices and their amounts, counted before and after identity and currency.
{{ config(meta={'dagster': {'ref': {'name': 'fct_invoice'}}}) }}

with invoices as (
    select
        currency,
        count(*) as invoices,
        sum(total) as total
    from {{ ref('int_billing_invoices') }}
    group by currency
),

facts as (
    select
        currency,
        count(*) as invoices,
        sum(total) as total
    from {{ ref('fct_invoice') }}
    group by currency
)

select
    invoices.currency,
    invoices.invoices,
    facts.invoices as fact_invoices
from invoices
full outer join facts
    on invoices.currency = facts.currency
where
    invoices.invoices is distinct from facts.invoices
    or invoices.total is distinct from facts.total
