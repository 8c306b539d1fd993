-- Grain: one row per Stripe invoice.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'invoice') }}
    where {{ is_live('livemode') }}
    qualify {{ is_newest(['id']) }}
),

taxes as (
    select
        source.id,
        {{ json_elements("'{\"list\":' || source.total_taxes || '}'", '$.list') }} as tax
    from source
    where
        source.tax is null
        and coalesce(source.total_taxes, '[]') not in ('null', '[]')
),

-- What is inclusive is part of the lines already.
added_taxes as (
    select
        taxes.id,
        sum(cast({{ json_text('taxes.tax', '$.amount') }} as decimal(18, 0))) as tax
    from taxes
    where coalesce({{ json_text('taxes.tax', '$.tax_behavior') }}, 'exclusive') <> 'inclusive'
    group by taxes.id
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
        nullif(lower(trim(source.status)), '') as status,
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
        -- From API version 2025-03-31 on, tax is a list.
        cast(
            {{ from_minor_units('coalesce(source.tax, added_taxes.tax)', 'source.currency') }}
            as decimal(18, 2)
        ) as tax,
        cast({{ from_minor_units('source.total', 'source.currency') }} as decimal(18, 2))
            as total,
        cast(
            {{ from_minor_units('source.amount_remaining', 'source.currency') }} as decimal(18, 2)
        ) as amount_remaining,
        source.attempt_count,
        source.discounts
    from source
    left outer join added_taxes
        on source.id = added_taxes.id
)

select * from final
