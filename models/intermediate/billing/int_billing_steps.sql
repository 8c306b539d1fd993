-- Grain: one row per subscription and day on which more was signed to begin than runs before it.
{{ config(materialized='view') }}
{% set columns = {
    'subscription_id': 'varchar',
    'customer_key': 'varchar',
    'currency': 'varchar',
    'starts_on': 'date',
    'signed_on': 'date',
    'product_id': 'varchar',
    'plan_id': 'varchar',
    'arr_local': 'decimal(28, 4)',
} %}

with final as (
    {{ union_systems('billing', {'files': 'int_files_steps'}, columns) }}
)

select * from final
