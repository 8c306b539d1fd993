-- Grain: one row per event name.
{{ config(enabled=source_is_on('product', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'features') }}
    qualify {{ is_newest_there(['event_name']) }}
),

final as (
    select
        event_name,
        feature,
        product_id,
        is_key_feature,
        is_value_event,
        is_gated_attempt
    from newest
)

select * from final
