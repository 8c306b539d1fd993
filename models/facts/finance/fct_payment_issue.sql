-- Grain: one row per billing system, kind of issue (failed payment, past-due invoice) and id.
with receivables as (
    select
        source_system,
        invoice_id,
        account_id,
        due_on,
        ended_on,
        ended_by,
        amount
    from {{ ref('int_billing_receivables') }}
    where
        due_on < {{ as_of_date() }}
        and (ended_on is null or ended_on > {{ add_days('due_on', 1) }})
),

failed_payments as (
    select
        source_system,
        payment_id,
        invoice_id,
        account_id,
        failed_on,
        failure_code,
        ended_on,
        ended_by,
        amount
    from {{ ref('int_billing_failed_payments') }}
),

survivors as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

issues as (
    select
        source_system,
        'past_due' as issue_type,
        invoice_id as issue_id,
        invoice_id,
        account_id,
        {{ add_days('due_on', 1) }} as opened_on,
        ended_on as closed_on,
        ended_by as closed_by,
        cast(null as varchar) as failure_code,
        amount
    from receivables
    union all
    select
        source_system,
        'failed_payment' as issue_type,
        payment_id as issue_id,
        invoice_id,
        account_id,
        failed_on as opened_on,
        ended_on as closed_on,
        ended_by as closed_by,
        failure_code,
        amount
    from failed_payments
),

final as (
    select
        cast(issues.source_system as varchar) as source_system,
        cast(issues.issue_type as varchar) as issue_type,
        cast(issues.issue_id as varchar) as issue_id,
        cast(coalesce(survivors.owner_account_id, 'unassigned') as varchar) as account_id,
        cast(issues.invoice_id as varchar) as invoice_id,
        issues.opened_on,
        issues.closed_on,
        cast(issues.closed_by as varchar) as closed_by,
        (issues.closed_on is null) as is_open,
        cast(
            {{ days_between(
                'issues.opened_on', 'coalesce(issues.closed_on, ' ~ as_of_date() ~ ')'
            ) }} as bigint
        ) as days_open,
        cast(issues.failure_code as varchar) as failure_code,
        cast(issues.amount as decimal(18, 2)) as amount
    from issues
    left outer join survivors
        on issues.account_id = survivors.account_id
)

select * from final
