-- Grain: one row per source system, table and file that is missing, or shorter than it was.
-- A file is missing where its table comes whole and lacks its rows too; a day or number in its name
-- does not tell it from the one before. Files of events are read once, so one of them is short only
-- when the same file is delivered again with less of what it held.
{% set kept_share = 1 - var('delivery_max_shrink') %}

with deliveries as (
    select
        source_system,
        source_table,
        run_id,
        delivery_number,
        max(delivery_number) over (
            partition by source_system, source_table
        ) as newest_number,
        is_whole,
        files,
        usual_rows,
        rows_since
    from {{ ref('int_deliveries_judged') }}
),

read_once as (
    select
        source_system,
        source_table,
        run_id
    from {{ ref('int_deliveries') }}
    where delivery = 'append'
),

counts as (
    select
        deliveries.source_system,
        deliveries.source_table,
        deliveries.delivery_number,
        deliveries.newest_number,
        read_once.run_id is not null as is_read_once,
        counts.source_file,
        case
            when read_once.run_id is null then {{ without_numbers('counts.source_file') }}
            else counts.source_file
        end as file_kind,
        counts.rows_read - counts.rows_unmapped as rows_delivered,
        counts.rows_unchanged
    from {{ ref('stg_loads__file_counts') }} as counts
    inner join deliveries
        on
            counts.source_system = deliveries.source_system
            and counts.source_table = deliveries.source_table
            and counts.run_id = deliveries.run_id
    left outer join read_once
        on
            counts.source_system = read_once.source_system
            and counts.source_table = read_once.source_table
            and counts.run_id = read_once.run_id
),

kinds as (
    select
        source_system,
        source_table,
        delivery_number,
        newest_number,
        is_read_once,
        file_kind,
        max(source_file) as file_name,
        sum(rows_delivered) as rows_delivered,
        sum(rows_unchanged) as rows_unchanged
    from counts
    group by
        source_system,
        source_table,
        delivery_number,
        newest_number,
        is_read_once,
        file_kind
),

placed as (
    select
        *,
        row_number() over one_file as occurrence,
        lag(delivery_number, 4) over one_file as fifth_last_number,
        lead(delivery_number) over one_file as next_number,
        lag(rows_delivered) over one_file as rows_before,
        max(rows_delivered) over (
            partition by source_system, source_table, file_kind
            order by delivery_number
            rows between current row and unbounded following
        ) as rows_since
    from kinds
    window
        one_file as (
            partition by source_system, source_table, file_kind
            order by delivery_number
        )
),

found as (
    select
        placed.source_system,
        placed.source_table,
        deliveries.delivery_number,
        'file_missing' as gap,
        placed.file_name,
        placed.rows_delivered as usual_rows,
        0 as rows_there
    from placed
    inner join deliveries
        on
            placed.source_system = deliveries.source_system
            and placed.source_table = deliveries.source_table
            and placed.delivery_number + 1 = deliveries.delivery_number
    where
        not placed.is_read_once
        and placed.next_number is null
        and placed.rows_delivered > 0
        and (
            placed.occurrence = placed.delivery_number
            or placed.fifth_last_number = placed.delivery_number - 4
        )
        and deliveries.is_whole
        and deliveries.files > 0
        and 2 * (deliveries.usual_rows - deliveries.rows_since) > placed.rows_delivered
    union all
    select
        source_system,
        source_table,
        delivery_number,
        'file_shrunk' as gap,
        file_name,
        rows_before as usual_rows,
        rows_since as rows_there
    from placed
    where
        is_read_once
        and rows_before >= {{ var('delivery_min_rows') }}
        and rows_delivered < {{ kept_share }} * rows_before
        and rows_since < {{ kept_share }} * rows_before
        and 2 * rows_unchanged >= rows_delivered
),

final as (
    select
        source_system,
        source_table,
        delivery_number,
        gap,
        file_name,
        cast(usual_rows as bigint) as usual_rows,
        cast(rows_there as bigint) as rows_there
    from found
)

select * from final
