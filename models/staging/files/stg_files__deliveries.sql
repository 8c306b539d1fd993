-- Grain: one row per load and table of which something was delivered.
{{ config(enabled=source_is_on_anywhere('files')) }}

with source as (
    select
        load_id,
        source_table,
        run_id,
        delivery,
        as_of_date,
        delivered_at,
        rows_there,
        rows_gone,
        rows_back
    from {{ source('raw_files', 'deliveries') }}
),

final as (
    select
        load_id,
        source_table,
        run_id,
        delivery,
        coalesce(as_of_date, cast(delivered_at as date)) as delivered_on,
        rows_there,
        rows_gone,
        rows_back
    from source
)

select * from final
