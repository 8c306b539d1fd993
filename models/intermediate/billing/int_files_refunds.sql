-- Grain: one row per invoice of the files source of which money was given back.
{{ config(enabled=source_is_on('billing', 'files')) }}

with payments as (
    select
        invoice_id,
        amount
    from {{ ref('stg_files__payments') }}
    where lower(status) = 'refunded'
),

final as (
    select
        invoice_id,
        cast(sum(abs(amount)) as decimal(18, 2)) as amount
    from payments
    group by invoice_id
)

select * from final
