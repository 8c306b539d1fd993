-- Grain: one row per billing system and payment attempt that failed by the as-of date.
-- Solved when the invoice was paid or given up. account_id is as before merges.
with payments as (
    select
        source_system,
        payment_id,
        invoice_id,
        amount,
        failure_code,
        cast(attempted_at as date) as failed_on
    from {{ ref('int_billing_payments') }}
    where status = 'failed'
),

receivables as (
    select
        source_system,
        invoice_id,
        account_id,
        rate_to_reporting,
        ended_on,
        ended_by
    from {{ ref('int_billing_receivables') }}
),

final as (
    select
        payments.source_system,
        payments.payment_id,
        payments.invoice_id,
        payments.failure_code,
        payments.failed_on,
        receivables.ended_on,
        receivables.ended_by,
        coalesce(receivables.account_id, 'unassigned') as account_id,
        {{ at_rate('payments.amount', 'receivables.rate_to_reporting') }} as amount
    from payments
    left outer join receivables
        on
            payments.source_system = receivables.source_system
            and payments.invoice_id = receivables.invoice_id
)

select * from final
