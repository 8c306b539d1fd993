-- Grain: one row per billing system and invoice above 0 that was issued by the as-of date.
-- Owed [issued_on, ended_on): until it was paid, voided or written off; past due from the day after
-- due_on. account_id is as before merges. The amount is at the exchange rate of the day of issue:
-- later rates were not known.
{% set ending_columns = {
    'invoice_id': 'varchar',
    'voided_at': 'timestamp',
    'written_off_at': 'timestamp',
} %}

with invoices as (
    select
        source_system,
        invoice_id,
        customer_key,
        status,
        currency,
        total,
        cast(issued_at as date) as issued_on,
        cast(paid_at as date) as paid_on,
        greatest(cast(coalesce(due_at, issued_at) as date), cast(issued_at as date)) as due_on
    from {{ ref('int_billing_invoices') }}
    where ({{ is_bill('status') }} or status = 'void') and total > 0
),

endings as (
    {{ union_systems('billing', {'stripe': 'int_stripe_invoice_endings'}, ending_columns) }}
),

-- What is not known by the as-of date has not happened.
dated as (
    select
        source_system,
        invoice_id,
        case when cast(voided_at as date) <= {{ as_of_date() }} then cast(voided_at as date) end
            as voided_on,
        case
            when cast(written_off_at as date) <= {{ as_of_date() }}
                then cast(written_off_at as date)
        end as written_off_on
    from endings
),

given_up as (
    select
        source_system,
        invoice_id,
        coalesce(voided_on, written_off_on) as ended_on,
        case when voided_on is null then 'written_off' else 'voided' end as ended_by
    from dated
),

customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

rates as (
    select
        currency,
        rate_to_reporting,
        applies_from,
        valid_to
    from {{ ref('int_fx_rates') }}
),

final as (
    select
        invoices.source_system,
        invoices.invoice_id,
        invoices.issued_on,
        invoices.due_on,
        coalesce(customers.account_id, 'unassigned') as account_id,
        rates.rate_to_reporting,
        {{ at_rate('invoices.total', 'rates.rate_to_reporting') }} as amount,
        case
            when invoices.paid_on is not null then invoices.paid_on
            when given_up.ended_on is not null then given_up.ended_on
            -- Paid or void, and nobody says since when: it was never known to be late.
            when invoices.status = 'paid' then invoices.due_on
            when invoices.status = 'void' then invoices.issued_on
        end as ended_on,
        case
            when invoices.paid_on is not null then 'paid'
            when given_up.ended_on is not null then given_up.ended_by
            when invoices.status = 'paid' then 'paid'
            when invoices.status = 'void' then 'voided'
        end as ended_by
    from invoices
    left outer join given_up
        on
            invoices.source_system = given_up.source_system
            and invoices.invoice_id = given_up.invoice_id
    left outer join customers
        on
            invoices.source_system = customers.source_system
            and invoices.customer_key = customers.system_key
    left outer join rates
        on
            invoices.currency = rates.currency
            and invoices.issued_on >= rates.applies_from
            and invoices.issued_on < coalesce(rates.valid_to, cast('9999-12-31' as date))
)

select * from final
