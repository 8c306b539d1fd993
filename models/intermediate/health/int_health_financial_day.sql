-- Grain: one row per account and day under contract: what it owes, as known at the end of the day.
-- An invoice is past due from the day after its due date until it is paid, voided or written off.
-- Null before the first invoice, payment or subscription of the whole company.
{% set measures = ['past_due_amount', 'failed_payments_90d', 'cancel_requests'] %}
{% set cancel_columns = {
    'subscription_id': 'varchar',
    'customer_key': 'varchar',
    'valid_from': 'date',
    'valid_to': 'date',
} %}

with account_days as (
    select
        account_id,
        date_day
    from {{ ref('int_health_account_days') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        valid_to
    from {{ ref('int_account_ownership') }}
),

customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

past_due as (
    select
        account_id,
        due_on,
        amount,
        {{ add_days('due_on', 1) }} as valid_from,
        ended_on as valid_to
    from {{ ref('int_billing_receivables') }}
    where ended_on is null or ended_on > {{ add_days('due_on', 1) }}
),

failed as (
    select
        account_id,
        failed_on
    from {{ ref('int_billing_failed_payments') }}
),

requests as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_cancel_requests', 'files': 'int_files_cancel_requests'},
        cancel_columns
    ) }}
),

spans as (
    select
        account_id,
        'past_due_amount' as measure,
        amount,
        valid_from,
        valid_to
    from past_due
    union all
    select
        account_id,
        'failed_payments_90d' as measure,
        1 as amount,
        failed_on as valid_from,
        {{ add_days('failed_on', 90) }} as valid_to
    from failed
    union all
    select
        customers.account_id,
        'cancel_requests' as measure,
        1 as amount,
        requests.valid_from,
        requests.valid_to
    from requests
    inner join customers
        on
            requests.source_system = customers.source_system
            and requests.customer_key = customers.system_key
),

{{ account_day_totals('spans', measures) }},

-- Few invoices are past due, so the oldest one of each day is looked up.
oldest as (
    select
        account_days.account_id,
        account_days.date_day,
        min(past_due.due_on) as due_on
    from past_due
    inner join ownership
        on past_due.account_id = ownership.account_id
    inner join account_days
        on
            ownership.owner_account_id = account_days.account_id
            and ownership.valid_from <= account_days.date_day
            and coalesce(ownership.valid_to, cast('9999-12-31' as date)) > account_days.date_day
            and past_due.valid_from <= account_days.date_day
            and coalesce(past_due.valid_to, cast('9999-12-31' as date)) > account_days.date_day
    group by
        account_days.account_id,
        account_days.date_day
),

first_rows as (
    select
        (select min(cast(issued_at as date)) from {{ ref('int_billing_invoices') }})
            as invoice_day,
        (select min(cast(attempted_at as date)) from {{ ref('int_billing_payments') }})
            as payment_day
),

final as (
    select
        account_days.account_id,
        account_days.date_day,
        case
            when first_rows.invoice_day <= account_days.date_day
                then
                    cast(
                        coalesce(
                            {{ days_between('oldest.due_on', 'account_days.date_day') }}, 0
                        ) as double
                    )
        end as days_past_due,
        case
            when first_rows.invoice_day <= account_days.date_day
                then cast(day_totals.past_due_amount as double)
        end as past_due_amount,
        case
            when first_rows.payment_day <= account_days.date_day
                then cast(day_totals.failed_payments_90d as double)
        end as failed_payments_90d,
        cast(case when day_totals.cancel_requests > 0 then 1 else 0 end as double)
            as cancel_requested
    from account_days
    cross join first_rows
    inner join day_totals
        on
            account_days.account_id = day_totals.account_id
            and account_days.date_day = day_totals.date_day
    left outer join oldest
        on
            account_days.account_id = oldest.account_id
            and account_days.date_day = oldest.date_day
)

select * from final
