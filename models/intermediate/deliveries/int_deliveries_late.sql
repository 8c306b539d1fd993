-- Grain: one row per source system and table, or source as a whole ('all'), that is late.
-- It brought nothing new for longer than its own rhythm: the median gap of its last loads with
-- news, or a gap that occurred twice (weekends), and no less than the least. A table has one only
-- when nearly every load brought something of it; a source that brought news less than four times
-- has none yet, and is waited for a week.
{% set remembered = 12 %}
{% set week = 7 %}

with deliveries as (
    select
        source_system,
        source_table,
        delivery_number,
        cast(loaded_at as date) as loaded_on,
        is_vital,
        (rows_loaded > 0 or rows_gone > 0) as has_news
    from {{ ref('int_deliveries') }}
),

days as (
    select refreshed_on
    from {{ ref('stg_loads__refresh_day') }}
),

-- Ten loads in a row, up to the last one with news, of which nine had some.
regular as (
    select
        source_system,
        source_table
    from (
        select
            source_system,
            source_table,
            has_news,
            delivery_number,
            max(case when has_news then delivery_number end) over (
                partition by source_system, source_table
            ) as last_number
        from deliveries
    ) as numbered
    where
        delivery_number > last_number - 10
        and delivery_number <= last_number
    group by
        source_system,
        source_table
    having
        count(*) = 10
        and count(case when has_news then 1 end) >= 9
),

news as (
    select distinct
        source_system,
        'all' as source_table,
        loaded_on
    from deliveries
    where has_news
    union all
    select distinct
        deliveries.source_system,
        deliveries.source_table,
        deliveries.loaded_on
    from deliveries
    inner join regular
        on
            deliveries.source_system = regular.source_system
            and deliveries.source_table = regular.source_table
    where deliveries.has_news
),

gaps as (
    select
        source_system,
        source_table,
        loaded_on,
        {{ dbt.datediff(
            'lag(loaded_on) over (partition by source_system, source_table order by loaded_on)',
            'loaded_on',
            'day'
        ) }} as gap_days,
        row_number() over (
            partition by source_system, source_table
            order by loaded_on desc
        ) as place
    from news
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_system, source_table
            order by gap_days desc
        ) as size_rank
    from gaps
    where place <= {{ remembered }} and gap_days is not null
),

rhythms as (
    select
        source_system,
        source_table,
        count(*) as gaps,
        greatest(
            max(case when size_rank = 2 then gap_days end),
            median(gap_days),
            {{ var('delivery_rhythm_least_days') }}
        ) as rhythm_days,
        max(gap_days) as longest_days
    from ranked
    group by
        source_system,
        source_table
),

last_news as (
    select
        news.source_system,
        news.source_table,
        max(news.loaded_on) as last_news_on,
        count(*) as days_with_news
    from news
    group by
        news.source_system,
        news.source_table
),

waited as (
    select
        last_news.source_system,
        last_news.source_table,
        last_news.last_news_on,
        last_news.days_with_news,
        {{ dbt.datediff('last_news.last_news_on', 'days.refreshed_on', 'day') }}
            as waited_days,
        cast(
            case
                when rhythms.gaps >= 3 then rhythms.rhythm_days
                else greatest(coalesce(rhythms.longest_days, 0), {{ week }})
            end as bigint
        ) as rhythm_days
    from last_news
    cross join days
    left outer join rhythms
        on
            last_news.source_system = rhythms.source_system
            and last_news.source_table = rhythms.source_table
),

final as (
    select
        *,
        (
            days_with_news > 1
            and waited_days > rhythm_days + {{ var('delivery_late_days') }}
        ) as is_held
    from waited
    where waited_days > rhythm_days
)

select * from final
