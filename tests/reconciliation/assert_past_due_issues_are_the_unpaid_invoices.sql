-- What is past due at the as-of date is the invoices that are open after their due date.
{{ config(meta={'dagster': {'ref': {'name': 'fct_payment_issue'}}}) }}

with issues as (
    select
        source_system,
        invoice_id
    from {{ ref('fct_payment_issue') }}
    where issue_type = 'past_due' and is_open
),

invoices as (
    select
        source_system,
        invoice_id,
        status
    from {{ ref('fct_invoice') }}
    where is_past_due and total > 0
)

select
    coalesce(issues.invoice_id, invoices.invoice_id) as invoice_id,
    invoices.status
from issues
full outer join invoices
    on
        issues.source_system = invoices.source_system
        and issues.invoice_id = invoices.invoice_id
-- Written off is not chased any more, if we know when it was.
where
    invoices.invoice_id is null
    or (issues.invoice_id is null and invoices.status <> 'uncollectible')
