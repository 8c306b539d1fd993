-- Grain: one row per source system, table and load: what the load brought of the table.
-- Only loads that succeeded; a table of which nothing came has a row too, with no file.
with loads as (
    select
        run_id,
        loaded_at,
        source_system,
        source_table,
        delivery,
        is_vital,
        rows_gone,
        is_stream
    from {{ ref('stg_loads__table_loads') }}
    where
        source_system in (
            {%- for source in delivering_sources() %}
            '{{ source }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
),

counts as (
    select
        run_id,
        source_system,
        source_table,
        count(distinct source_file) as files,
        min(source_file) as first_file,
        sum(rows_read) as rows_read,
        sum(rows_loaded) as rows_loaded,
        sum(rows_unchanged) as rows_unchanged,
        sum(rows_rejected) as rows_rejected,
        sum(rows_unmapped) as rows_unmapped
    from {{ ref('stg_loads__file_counts') }}
    group by
        run_id,
        source_system,
        source_table
),

brought as (
    select
        run_id,
        source_system,
        source_table,
        max(business_day) as brought_until
    from {{ ref('stg_loads__business_days') }}
    group by
        run_id,
        source_system,
        source_table
),

joined as (
    select
        loads.source_system,
        loads.source_table,
        loads.run_id,
        loads.loaded_at,
        loads.source_table || ' ' || loads.run_id as delivery_id,
        row_number() over (
            partition by loads.source_system, loads.source_table
            order by loads.loaded_at, loads.run_id
        ) as delivery_number,
        loads.delivery,
        loads.is_vital,
        coalesce(counts.files, 0) as files,
        counts.first_file,
        cast(coalesce(counts.rows_read, 0) as bigint) as rows_read,
        cast(coalesce(counts.rows_loaded, 0) as bigint) as rows_loaded,
        cast(coalesce(counts.rows_unchanged, 0) as bigint) as rows_unchanged,
        cast(coalesce(counts.rows_rejected, 0) as bigint) as rows_rejected,
        cast(coalesce(counts.rows_unmapped, 0) as bigint) as rows_unmapped,
        -- What a mapping leaves out on purpose was not delivered for the table.
        cast(coalesce(counts.rows_read - counts.rows_unmapped, 0) as bigint) as rows_delivered,
        cast(coalesce(loads.rows_gone, 0) as bigint) as rows_gone,
        coalesce(loads.is_stream, false) as is_stream,
        brought.brought_until
    from loads
    left outer join counts
        on
            loads.run_id = counts.run_id
            and loads.source_system = counts.source_system
            and loads.source_table = counts.source_table
    left outer join brought
        on
            loads.run_id = brought.run_id
            and loads.source_system = brought.source_system
            and loads.source_table = brought.source_table
),

final as (
    select
        *,
        case
            when {{ is_read_once('delivery') }}
                then
                    greatest(
                        rows_rejected
                        - coalesce(
                            lag(rows_rejected) over (
                                partition by source_system, source_table
                                order by delivery_number
                            ), 0
                        ),
                        0
                    )
            else rows_rejected
        end as rows_rejected_anew,
        max(brought_until) over (
            partition by source_system, source_table
            order by delivery_number
        ) as known_until
    from joined
)

select * from final
