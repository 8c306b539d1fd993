-- Grain: one row per source system and source or table that has brought nothing new for too long.
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

final as (
    select
        cast(source_system as varchar) as source_system,
        cast(case when source_table = 'all' then 'source' else 'table' end as varchar)
            as object_type,
        cast(source_table || ' since ' || last_news_on as varchar) as object_id,
        cast('delivery_late' as varchar) as gap,
        cast(
            case
                when source_table = 'all' then 'Source ' || source_system
                else 'Table ' || source_table || ' of ' || source_system
            end
            || ' has brought nothing new since ' || last_news_on || ', for ' || waited_days
            || case
                when days_with_news > 1
                    then ' days; it used to at least every ' || rhythm_days || ' days.'
                else ' days.'
            end as varchar
        ) as what_is_missing,
        cast(null as varchar) as account_id,
        cast(0 as bigint) as row_count,
        cast(null as decimal(18, 2)) as arr_affected,
        last_news_on as since,
        cast(
            'See whether its export or its loader still runs, and refresh again.'
            || case
                when is_held then ' If it is meant, accept it.'
                else ''
            end as varchar
        ) as remedy,
        cast(case when is_held then 'error' else 'warning' end as varchar) as severity
    from told
)

select * from final
