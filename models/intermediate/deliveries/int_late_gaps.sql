-- Grain: one row per source system and source or table that has brought nothing new for too long
-- (delivery_late), or that still comes and in which nothing has happened for too long (data_stale).
with late as (
    select
        source_system,
        source_table,
        last_news_on,
        waited_days,
        rhythm_days,
        days_with_news,
        is_held
    from {{ ref('int_deliveries_late') }}
),

stale as (
    select
        source_system,
        source_table,
        newest_day,
        usual_gap_days,
        silent_days,
        is_held
    from {{ ref('int_deliveries_stale') }}
),

-- Of a source that is late as a whole its tables need not be named.
told as (
    select tables.*
    from late as tables
    left outer join late as sources
        on
            tables.source_system = sources.source_system
            and sources.source_table = 'all'
    where
        tables.source_table = 'all'
        or sources.source_table is null
),

gaps as (
    select
        source_system,
        source_table,
        'delivery_late' as gap,
        last_news_on as since,
        ' has brought nothing new since ' || last_news_on || ', for ' || waited_days
        || case
            when days_with_news > 1
                then ' days; it used to at least every ' || rhythm_days || ' days.'
            else ' days.'
        end as what_is_missing,
        'See whether its export or its loader still runs, and refresh again.' as remedy,
        is_held
    from told
    union all
    select
        source_system,
        source_table,
        'data_stale' as gap,
        newest_day as since,
        ' still comes, but nothing in it happened after ' || newest_day || ', for '
        || silent_days || ' days; it used to rest for ' || usual_gap_days || ' days at most.'
            as what_is_missing,
        'See whether the system it is exported from still gets what is new, and whether the '
        || 'export still reads it all. Then refresh again.' as remedy,
        is_held
    from stale
),

final as (
    select
        cast(source_system as varchar) as source_system,
        cast(case when source_table = 'all' then 'source' else 'table' end as varchar)
            as object_type,
        cast(source_table || ' since ' || since as varchar) as object_id,
        cast(gap as varchar) as gap,
        cast(
            case
                when source_table = 'all' then 'Source ' || source_system
                else 'Table ' || source_table || ' of ' || source_system
            end
            || what_is_missing as varchar
        ) as what_is_missing,
        cast(null as varchar) as account_id,
        cast(0 as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        since,
        cast(
            remedy || case when is_held then ' If it is meant, accept it.' else '' end as varchar
        ) as remedy,
        cast(case when is_held then 'error' else 'warning' end as varchar) as severity
    from gaps
)

select * from final
