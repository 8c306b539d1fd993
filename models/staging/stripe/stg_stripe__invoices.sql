-- Grain: one row per Stripe invoice.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'invoice') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        source.id as invoice_id,
        source.customer as customer_id,
        -- From API version 2025-03-31 on, the subscription stands under parent.
        coalesce(
            source.subscription,
            {{ json_text('source.parent', '$.subscription_details.subscription') }}
        ) as subscription_id,
        source.status,
        source.billing_reason,
        {{ from_unix('source.created') }} as issued_at,
        {{ from_unix('source.due_date') }} as due_at,
        {{ json_unix_time('source.status_transitions', '$.paid_at') }} as paid_at,
        {{ json_unix_time('source.status_transitions', '$.voided_at') }} as voided_at,
        {{ json_unix_time('source.status_transitions', '$.marked_uncollectible_at') }}
            as written_off_at,
        upper(source.currency) as currency,
        cast({{ from_minor_units('source.subtotal', 'source.currency') }} as decimal(18, 2))
            as subtotal,
        cast({{ from_minor_units('source.tax', 'source.currency') }} as decimal(18, 2)) as tax,
        cast({{ from_minor_units('source.total', 'source.currency') }} as decimal(18, 2))
            as total,
        cast(
            {{ from_minor_units('source.amount_remaining', 'source.currency') }} as decimal(18, 2)
        ) as amount_remaining,
        source.attempt_count
    from source
)

select * from final
