-- Grain: one row per delivered product event known at the end of the as-of date.
-- Without the events that are no use of the product (seed excluded_events). Repeated deliveries are
-- still here. Nothing is computed per row: whatever can wait is done after counting.
{{ config(materialized='view') }}

with deliveries as (
    select
        source_system,
        event_id,
        account_key,
        user_id,
        event_name,
        occurred_at,
        received_at,
        load_id,
        source_line
    from {{ ref('int_product_deliveries') }}
),

final as (
    select
        source_system,
        event_id,
        account_key,
        user_id,
        event_name,
        occurred_at,
        received_at,
        load_id,
        source_line
    from deliveries
    where
        not exists (
            select 1
            from {{ ref('excluded_events') }} as excluded
            where deliveries.event_name = excluded.event_name
        )
)

select * from final
