-- Grain: one row per Stripe customer.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with source as (
    select *
    from {{ source('raw_stripe', 'customer') }}
    qualify {{ is_newest(['id']) }}
),

final as (
    select
        source.id as customer_id,
        source.email,
        source.name as customer_name,
        {{ from_unix('source.created') }} as created_at,
        upper(source.currency) as currency,
        {{ json_text('source.metadata', '$.crm_account_id') }} as crm_account_id,
        source.discount,
        coalesce(source.delinquent, false) as is_delinquent,
        coalesce(source.deleted, false) as is_deleted
    from source
)

select * from final
