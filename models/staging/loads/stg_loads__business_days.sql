-- Grain: one row per load, source, table and day on which happened what the load brought.
with source as (
    select
        run_id,
        source,
        source_table,
        business_day
    from {{ source('loads', 'business_days') }}
),

final as (
    select distinct
        run_id,
        source as source_system,
        source_table,
        business_day
    from source
)

select * from final
