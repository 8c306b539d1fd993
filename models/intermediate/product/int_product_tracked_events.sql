-- Grain: one row per event name whose daily counts are kept.
-- Key features, value events and gated attempts: what adoption, time to value and expansion
-- signals are computed from. Everything else counts only as activity of its user.
with features as (
    select
        event_name,
        is_key_feature,
        is_value_event,
        is_gated_attempt
    from {{ ref('int_product_features') }}
),

final as (
    select event_name
    from features
    where is_key_feature or is_value_event or is_gated_attempt
)

select * from final
