-- Grain: one row per subscription that changed accounts and day from which another one holds it.
-- Of systems that keep one row per subscription; Stripe tells the customer with each version.
{{ config(materialized='view') }}
{% set columns = {
    'subscription_id': 'varchar',
    'customer_id': 'varchar',
    'valid_from': 'date',
    'valid_to': 'date',
} %}

with final as (
    {{ union_systems('billing', {'files': 'int_files_subscription_holders'}, columns) }}
)

select * from final
