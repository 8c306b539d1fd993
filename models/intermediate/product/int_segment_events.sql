-- Grain: one row per delivered track call, in the canonical columns of events.
-- A call without a group stays without one: whose it is says int_product_user_spells, when it is
-- read.
{{ config(enabled=source_is_on('product', 'segment'), materialized='view') }}

with tracks as (
    select
        event_id,
        event_name,
        user_id,
        group_id,
        occurred_at,
        received_at,
        load_id,
        source_line
    from {{ ref('stg_segment__tracks') }}
),

final as (
    select
        event_id,
        group_id as account_key,
        user_id,
        event_name,
        occurred_at,
        received_at,
        load_id,
        source_line
    from tracks
)

select * from final
