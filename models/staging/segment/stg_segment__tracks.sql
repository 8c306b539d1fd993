-- Grain: one row per delivered track call.
-- Repeated deliveries of an event (same event_id) stay: ranking every event ever sent would read
-- the whole history each day. int_product_repeats finds them for the days that are counted again.
{{ config(enabled=source_is_on('product', 'segment')) }}

with source as (
    select
        message_id,
        event,
        user_id,
        anonymous_id,
        group_id,
        timestamp,
        received_at,
        sent_at,
        original_timestamp,
        properties,
        _dlt_load_id,
        _source_line
    from {{ source('raw_segment', 'tracks') }}
),

final as (
    select
        message_id as event_id,
        event as event_name,
        user_id,
        anonymous_id,
        group_id,
        timestamp as occurred_at,
        received_at,
        sent_at,
        original_timestamp as device_occurred_at,
        properties,
        _dlt_load_id as load_id,
        _source_line as source_line
    from source
)

select * from final
