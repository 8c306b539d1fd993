-- Grain: one row per billing system and invoice.
with invoices as (
    select
        source_system,
        invoice_id,
        customer_key,
        status,
        issued_at,
        due_at,
        paid_at,
        currency,
        total
    from {{ ref('int_billing_invoices') }}
),

payments as (
    select
        source_system,
        invoice_id,
        status,
        attempted_at
    from {{ ref('int_billing_payments') }}
),

customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
),

account_merges as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

attempts as (
    select
        source_system,
        invoice_id,
        count(*) as payment_attempts,
        cast(count_if(status = 'failed') as bigint) as failed_payments,
        max(case when status = 'failed' then attempted_at end) as last_failed_at
    from payments
    group by
        source_system,
        invoice_id
),

final as (
    select
        invoices.source_system,
        invoices.invoice_id,
        coalesce(
            account_merges.survivor_account_id, customers.account_id, 'unassigned'
        ) as account_id,
        invoices.status,
        invoices.issued_at,
        cast(invoices.due_at as date) as due_on,
        invoices.paid_at,
        invoices.currency,
        invoices.total,
        {{ at_rate('invoices.total', 'plan_rates.plan_rate') }} as total_reporting,
        coalesce(
            invoices.status in ('open', 'uncollectible')
            and cast(invoices.due_at as date) < {{ as_of_date() }},
            false
        ) as is_past_due,
        case
            when invoices.paid_at is not null
                then greatest(
                    {{ dbt.datediff(
                        'cast(invoices.due_at as date)', 'cast(invoices.paid_at as date)', 'day'
                    ) }},
                    0
                )
            when invoices.status in ('open', 'uncollectible')
                then greatest(
                    {{ dbt.datediff('cast(invoices.due_at as date)', as_of_date(), 'day') }}, 0
                )
        end as days_late,
        coalesce(attempts.payment_attempts, 0) as payment_attempts,
        coalesce(attempts.failed_payments, 0) as failed_payments,
        attempts.last_failed_at
    from invoices
    left outer join customers
        on
            invoices.source_system = customers.source_system
            and invoices.customer_key = customers.system_key
    left outer join account_merges
        on customers.account_id = account_merges.account_id
    left outer join plan_rates
        on invoices.currency = plan_rates.currency
    left outer join attempts
        on
            invoices.source_system = attempts.source_system
            and invoices.invoice_id = attempts.invoice_id
)

select * from final
