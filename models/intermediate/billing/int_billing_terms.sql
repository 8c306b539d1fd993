-- Grain: one row per billing system and subscription that says what was agreed for it.
{{ config(materialized='view') }}
{% set columns = {
    'subscription_id': 'varchar',
    'is_auto_renewed': 'boolean',
    'signed_until': 'date',
} %}

with final as (
    {{ union_systems('billing', {'files': 'int_files_terms'}, columns) }}
)

select * from final
