-- Grain: one row per source system and table, or source as a whole ('all'), that still comes and in
-- which nothing has happened for longer than one and a half times its rhythm. What is late already,
-- or missing, is not named twice.
with today as (
    select refreshed_on
    from {{ ref('stg_loads__refresh_day') }}
),

rhythms as (
    select
        source_system,
        source_table,
        newest_day,
        newest_number,
        usual_gap_days,
        is_fed,
        age_days,
        greatest(1.5 * usual_gap_days + feed_days, {{ var('data_stale_least_days') }})
            as limit_days
    from {{ ref('int_business_rhythms') }}
),

silent as (
    select
        rhythms.*,
        cast(
            {{ ordinary_day_number('today.refreshed_on') }} - rhythms.newest_number as bigint
        ) as silent_days
    from rhythms
    cross join today
),

stale as (
    select
        source_system,
        source_table,
        newest_day,
        usual_gap_days,
        silent_days,
        (
            is_fed
            and silent_days > limit_days + {{ var('data_stale_days') }}
        ) as is_held
    from silent
    where
        silent_days > limit_days
        -- A table that was as old when it was brought first, and never came newer, is history.
        and (source_table = 'all' or is_fed or age_days <= limit_days)
),

named_already as (
    select
        source_system,
        source_table
    from {{ ref('int_deliveries_late') }}
    union distinct
    select
        source_system,
        source_table
    from {{ ref('int_delivery_findings') }}
    where gap = 'delivery_missing'
),

known as (
    select
        stale.source_system,
        stale.source_table,
        stale.newest_day,
        stale.usual_gap_days,
        stale.silent_days,
        stale.is_held,
        count(named_already.source_table) > 0 as is_named
    from stale
    left outer join named_already
        on
            stale.source_system = named_already.source_system
            and named_already.source_table in (stale.source_table, 'all')
    group by
        stale.source_system,
        stale.source_table,
        stale.newest_day,
        stale.usual_gap_days,
        stale.silent_days,
        stale.is_held
),

sides as (
    select
        *,
        max(case when source_table = 'all' then 1 else 0 end) over one_source = 1 as is_whole,
        max(case when is_named then 1 else 0 end) over one_source = 1 as has_named
    from known
    window one_source as (partition by source_system)
),

-- Of a source that is stale as a whole its tables need not be named, unless one of them is already.
final as (
    select
        source_system,
        source_table,
        newest_day,
        usual_gap_days,
        silent_days,
        is_held
    from sides
    where
        not is_named
        and (source_table = 'all') = (is_whole and not has_named)
)

select * from final
