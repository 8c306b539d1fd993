-- Grain: one row per account id that any of the canonical files names.
-- A file may name an account that the file of accounts does not have.
{{ config(enabled=source_is_on_anywhere('files'), materialized='view') }}

{% set entities = {
    'crm': ['accounts'],
    'billing': ['subscriptions', 'invoices'],
    'product': ['users', 'events', 'usage_daily'],
    'support': ['tickets'],
    'feedback': ['survey_responses'],
} %}

with named as (
    {%- set joiner = namespace(text='') %}
    {%- for domain, tables in entities.items() if source_is_on(domain, 'files') %}
    {%- for table in tables %}
    {{ joiner.text }}
    select account_id
    from {{ ref('stg_files__' ~ table) }}
    {%- set joiner.text = 'union all' %}
    {%- endfor %}
    {%- endfor %}
),

final as (
    select distinct account_id
    from named
    where account_id is not null
)

select * from final
