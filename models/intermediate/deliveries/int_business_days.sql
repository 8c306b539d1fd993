-- Grain: one row per source system, table or source as a whole ('all'), and day on which something
-- happened. Of tables of the newest load alone: of a domain that another system speaks for by now
-- a source brings none any more. None on a refresh as of a past day: how far the data reached when
-- it was today, nobody knows any more.
with today as (
    select refreshed_on
    from {{ ref('stg_loads__refresh_day') }}
),

deliveries as (
    select
        source_system,
        source_table,
        run_id,
        cast(loaded_at as date) as loaded_on,
        is_stream,
        max(run_id) over (partition by source_system) as newest_run_id
    from {{ ref('int_deliveries') }}
),

-- The last complete day is yesterday: as of yesterday is as of today.
streams as (
    select
        deliveries.source_system,
        deliveries.source_table
    from deliveries
    inner join today
        on {{ days_between('today.refreshed_on', 'deliveries.loaded_on') }} <= 1
    where
        deliveries.run_id = deliveries.newest_run_id
        and deliveries.is_stream
),

told as (
    select
        days.source_system,
        days.source_table,
        days.business_day,
        deliveries.loaded_on
    from {{ ref('stg_loads__business_days') }} as days
    inner join streams
        on
            days.source_system = streams.source_system
            and days.source_table = streams.source_table
    left outer join deliveries
        on
            days.source_system = deliveries.source_system
            and days.source_table = deliveries.source_table
            and days.run_id = deliveries.run_id
),

subjects as (
    select
        source_system,
        source_table,
        business_day,
        loaded_on
    from told
    union all
    select
        source_system,
        'all' as source_table,
        business_day,
        loaded_on
    from told
),

final as (
    select
        source_system,
        source_table,
        business_day,
        cast({{ ordinary_day_number('business_day') }} as bigint) as day_number,
        min(loaded_on) as told_on
    from subjects
    group by
        source_system,
        source_table,
        business_day
)

select * from final
