-- Grain: one row per invoice line.
{{ config(enabled=source_is_on('billing', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'invoice_lines') }}
    qualify {{ is_newest_there(['invoice_line_id']) }}
),

final as (
    select
        invoice_line_id,
        invoice_id,
        amount,
        period_start,
        {{ end_day('period_end') }} as period_end,
        subscription_id,
        product_id,
        is_recurring,
        is_proration,
        quantity,
        line_kind,
        description
    from newest
)

select * from final
