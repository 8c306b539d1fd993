-- Grain: one row per billing system, subscription and day on which a payment for it was disputed.
{{ config(materialized='view') }}
{% set columns = {
    'subscription_id': 'varchar',
    'disputed_on': 'date',
    'is_counted': 'boolean',
} %}

with united as (
    {{ union_systems('billing', {'stripe': 'int_stripe_disputes'}, columns) }}
),

final as (
    select distinct
        source_system,
        subscription_id,
        disputed_on
    from united
    where is_counted and subscription_id is not null
)

select * from final
