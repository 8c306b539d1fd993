-- Grain: one row per delivered event row, in the canonical columns of events.
-- Without a time of receipt an event counts as received when it happened. An event without an
-- account stays without one: whose it is says int_product_user_spells, when it is read.
{{ config(enabled=source_is_on('product', 'files'), materialized='view') }}

with deliveries as (
    select
        event_id,
        account_id,
        user_id,
        event_name,
        occurred_at,
        received_at,
        load_id,
        source_line
    from {{ ref('stg_files__event_deliveries') }}
),

final as (
    select
        event_id,
        account_id as account_key,
        user_id,
        event_name,
        occurred_at,
        coalesce(received_at, occurred_at) as received_at,
        load_id,
        source_line
    from deliveries
)

select * from final
