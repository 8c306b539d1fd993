-- Grain: one row per load, source, table and file; rows of one file may be of several tables.
with source as (
    select
        run_id,
        source,
        source_table,
        source_file,
        rows_read,
        rows_loaded,
        rows_unchanged,
        rows_rejected,
        rows_unmapped
    from {{ source('loads', 'file_counts') }}
),

final as (
    select
        run_id,
        source as source_system,
        source_table,
        source_file,
        rows_read,
        rows_loaded,
        rows_unchanged,
        rows_rejected,
        rows_unmapped
    from source
    where source_table is not null
)

select * from final
