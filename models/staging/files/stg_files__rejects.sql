-- Grain: one row per row of a table's newest delivery that was rejected.
-- A row that is corrected is not among them any more. row_key is its key, where one can be read.
{{ config(enabled=source_is_on_anywhere('files')) }}

with rejects as (
    select
        run_id,
        source_table,
        source_file,
        source_line,
        column_name,
        reason,
        row_key
    from {{ source('raw_files', 'rejects') }}
),

newest_deliveries as (
    select
        source_table,
        run_id
    from {{ source('raw_files', 'deliveries') }}
    qualify row_number() over (partition by source_table order by load_id desc) = 1
),

final as (
    select
        rejects.source_table,
        rejects.source_file,
        rejects.source_line,
        rejects.column_name,
        rejects.reason,
        rejects.row_key
    from rejects
    inner join newest_deliveries
        on
            rejects.source_table = newest_deliveries.source_table
            and rejects.run_id = newest_deliveries.run_id
)

select * from final
