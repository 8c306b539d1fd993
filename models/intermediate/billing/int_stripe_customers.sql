-- Grain: one row per Stripe customer that was delivered or that a subscription names.
{{ config(enabled=source_is_on('billing', 'stripe'), materialized='view') }}

with customers as (
    select
        customer_id,
        email,
        crm_account_id,
        is_deleted,
        is_known
    from {{ ref('stg_stripe__customers') }}
),

named as (
    select distinct customer_id
    from {{ ref('int_stripe_told_states') }}
    where customer_id is not null
),

final as (
    select
        coalesce(customers.customer_id, named.customer_id) as customer_id,
        customers.email,
        customers.crm_account_id,
        coalesce(customers.is_deleted, false) as is_deleted,
        -- Whether it was ever delivered as more than an id.
        coalesce(customers.is_known, false) as is_known
    from customers
    full outer join named
        on customers.customer_id = named.customer_id
)

select * from final
