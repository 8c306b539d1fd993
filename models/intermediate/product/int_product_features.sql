-- Grain: one row per event name that stands for a feature.
-- The seed feature_map, and a company's own features file, which wins where both name an event.
{% set columns = {
    'event_name': 'varchar',
    'feature': 'varchar',
    'product_id': 'varchar',
    'is_key_feature': 'boolean',
    'is_value_event': 'boolean',
    'is_gated_attempt': 'boolean',
} %}

with own as (
    {{ union_systems('product', {'files': 'stg_files__features'}, columns) }}
),

seeded as (
    select
        event_name,
        feature,
        product_id,
        is_key_feature,
        is_value_event,
        is_gated_attempt
    from {{ ref('feature_map') }}
),

united as (
    select
        own.event_name,
        own.feature,
        own.product_id,
        own.is_key_feature,
        own.is_value_event,
        own.is_gated_attempt
    from own
    union all
    select
        seeded.event_name,
        seeded.feature,
        seeded.product_id,
        seeded.is_key_feature,
        seeded.is_value_event,
        seeded.is_gated_attempt
    from seeded
    left outer join own
        on seeded.event_name = own.event_name
    where own.event_name is null
),

final as (
    select
        event_name,
        feature,
        nullif(product_id, '') as product_id,
        coalesce(is_key_feature, false) as is_key_feature,
        coalesce(is_value_event, false) as is_value_event,
        coalesce(is_gated_attempt, false) as is_gated_attempt
    from united
)

select * from final
