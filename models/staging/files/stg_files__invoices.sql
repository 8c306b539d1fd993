-- Grain: one row per invoice.
{{ config(enabled=source_is_on('billing', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'invoices') }}
    qualify {{ is_newest_there(['invoice_id']) }}
),

final as (
    select
        invoice_id,
        account_id,
        lower(status) as status,
        issued_at,
        due_at,
        paid_at,
        upper(trim(currency)) as currency,
        total
    from newest
)

select * from final
