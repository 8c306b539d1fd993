-- Grain: one row per Stripe invoice.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'invoice') }}
    where {{ is_live('livemode') }}
    qualify {{ is_newest(['id']) }}
),

-- From API version 2025-03-31 on, the list has another name.
lists as (
    select
        id,
        coalesce(nullif(total_taxes, 'null'), nullif(total_tax_amounts, 'null')) as listed
    from source
),

taxes as (
    select
        lists.id,
        {{ json_elements("'{\"list\":' || lists.listed || '}'", '$.list') }} as tax
    from lists
    where lists.listed <> '[]'
),

tax_sums as (
    select
        taxes.id,
        sum(cast({{ json_text('taxes.tax', '$.amount') }} as decimal(18, 0))) as tax,
        sum(
            case
                when
                    coalesce(
                        {{ json_text('taxes.tax', '$.tax_behavior') }} = 'inclusive',
                        {{ json_text('taxes.tax', '$.inclusive') }} = 'true'
                    )
                    then cast({{ json_text('taxes.tax', '$.amount') }} as decimal(18, 0))
                else 0
            end
        ) as included_tax
    from taxes
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
        cast(
            {{ from_minor_units('coalesce(source.tax, tax_sums.tax)', 'source.currency') }}
            as decimal(18, 2)
        ) as tax,
        -- The part of it that is in the amounts of the lines; null where no list says it.
        cast(
            {{ from_minor_units(
                "coalesce(tax_sums.included_tax, case when lists.listed = '[]' then 0 end)",
                'source.currency'
            ) }} as decimal(18, 2)
        ) as included_tax,
        cast({{ from_minor_units('source.total', 'source.currency') }} as decimal(18, 2))
            as total,
        cast(
            {{ from_minor_units('source.amount_remaining', 'source.currency') }} as decimal(18, 2)
        ) as amount_remaining,
        source.attempt_count,
        source.discounts
    from source
    inner join lists
        on source.id = lists.id
    left outer join tax_sums
        on source.id = tax_sums.id
)

select * from final
