-- Grain: one row per load and table that it could have brought, whether it did or not.
with source as (
    select
        run_id,
        loaded_at,
        source,
        source_table,
        delivery,
        is_vital,
        rows_gone,
        is_stream
    from {{ source('loads', 'table_loads') }}
),

final as (
    select
        run_id,
        loaded_at,
        source as source_system,
        source_table,
        delivery,
        is_vital,
        rows_gone,
        is_stream
    from source
)

select * from final
