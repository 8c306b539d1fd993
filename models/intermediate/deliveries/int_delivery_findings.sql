-- Grain: one row per source system, delivery and finding that no later delivery made up for.
-- Of the rows of a table that are missing the last finding holds those before; of rejects likewise.
{% set columns = [
    'source_system', 'source_table', 'loaded_at', 'delivery_id', 'delivery_number', 'newest_number',
    'is_vital', 'first_file', 'usual_rows',
] %}

with deliveries as (
    select
        source_system,
        source_table,
        loaded_at,
        delivery_id,
        delivery_number,
        max(delivery_number) over (
            partition by source_system, source_table
        ) as newest_number,
        is_vital,
        first_file,
        rows_anew,
        rows_rejected_anew,
        usual_rows,
        rows_since,
        shortfall,
        is_start_of_shortfall and not is_made_up_for as is_short,
        is_start_of_rejects and not is_corrected as is_rejected
    from {{ ref('int_deliveries_judged') }}
),

findings as (
    select
        {{ each_column(columns, '@') }},
        rows_since as rows_there,
        shortfall as gap,
        greatest(usual_rows - rows_since, 1) as row_count,
        case when is_vital or shortfall = 'delivery_shrunk' then 'error' else 'warning' end
            as severity
    from deliveries
    where is_short
    union all
    select
        {{ each_column(columns, '@') }},
        rows_anew as rows_there,
        'delivery_rejected' as gap,
        rows_rejected_anew as row_count,
        'error' as severity
    from deliveries
    where is_rejected
    union all
    select
        deliveries.source_system,
        deliveries.source_table,
        deliveries.loaded_at,
        deliveries.delivery_id || ' ' || files.file_name as delivery_id,
        deliveries.delivery_number,
        deliveries.newest_number,
        deliveries.is_vital,
        files.file_name as first_file,
        files.usual_rows,
        files.rows_there,
        files.gap,
        files.usual_rows - files.rows_there as row_count,
        case when deliveries.is_vital or files.gap = 'file_shrunk' then 'error' else 'warning' end
            as severity
    from {{ ref('int_delivery_files_short') }} as files
    inner join deliveries
        on
            files.source_system = deliveries.source_system
            and files.source_table = deliveries.source_table
            and files.delivery_number = deliveries.delivery_number
    where not deliveries.is_short
),

final as (
    select *
    from findings
    qualify
        row_number() over (
            partition by
                source_system,
                source_table,
                case when gap in ('file_missing', 'file_shrunk') then first_file end,
                gap = 'delivery_rejected'
            order by delivery_number desc
        ) = 1
)

select * from final
