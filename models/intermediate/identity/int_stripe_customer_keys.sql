-- Grain: one row per Stripe customer that was delivered or that a subscription names: what could
-- tell its account.
-- As its newest object says. Of a customer that was never delivered as more than an id, such as one
-- that was deleted before, its newest event does: it has the customer as it was.
{{ config(enabled=source_is_on('billing', 'stripe'), materialized='view') }}

with customers as (
    select
        customer_id,
        crm_account_id,
        email,
        is_known
    from {{ ref('int_stripe_customers') }}
),

events as (
    select
        event_id,
        created_at,
        {{ json_text('object', '$.id') }} as customer_id,
        {{ json_text('object', '$.metadata.crm_account_id') }} as crm_account_id,
        {{ json_text('object', '$.email') }} as email
    from {{ ref('stg_stripe__customer_events') }}
    where event_type in ('customer.created', 'customer.updated', 'customer.deleted')
),

told as (
    select
        customer_id,
        crm_account_id,
        email
    from events
    qualify row_number() over (
        partition by customer_id order by created_at desc, event_id desc
    ) = 1
),

final as (
    select
        customers.customer_id,
        case when customers.is_known then customers.crm_account_id else told.crm_account_id end
            as crm_account_id,
        case when customers.is_known then customers.email else told.email end as email
    from customers
    left outer join told
        on customers.customer_id = told.customer_id
)

select * from final
