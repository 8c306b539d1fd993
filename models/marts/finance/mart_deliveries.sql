-- Grain: one row per source system, table and load: what was delivered, and what was wrong with it.
with deliveries as (
    select
        source_system,
        source_table,
        run_id,
        loaded_at,
        files,
        rows_read,
        rows_loaded,
        rows_unchanged,
        rows_rejected,
        rows_unmapped,
        rows_gone,
        brought_until,
        known_until,
        usual_rows,
        is_whole,
        finding,
        accepted_by
    from {{ ref('fct_delivery') }}
),

final as (
    select
        *,
        {{ as_of_date() }} as as_of_date
    from deliveries
)

select * from final
