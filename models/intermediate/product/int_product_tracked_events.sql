-- Grain: one row per event name whose daily counts are kept.
-- Key features and gated attempts: what adoption and expansion signals are computed from, day by
-- day. Everything else counts as activity of its user only.
with features as (
    select
        event_name,
        is_key_feature,
        is_gated_attempt
    from {{ ref('int_product_features') }}
),

final as (
    select event_name
    from features
    where is_key_feature or is_gated_attempt
)

select * from final
