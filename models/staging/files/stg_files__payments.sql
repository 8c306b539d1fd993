-- Grain: one row per payment attempt.
{{ config(enabled=source_is_on('billing', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'payments') }}
    qualify {{ is_newest_there(['payment_id']) }}
),

final as (
    select
        payment_id,
        invoice_id,
        lower(status) as status,
        amount,
        attempted_at,
        failure_code
    from newest
)

select * from final
