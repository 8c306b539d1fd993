-- Grain: one row per source system and table, or source as a whole ('all'), with a rhythm: how long
-- nothing happened in it at most, but for one exception, and in which rhythm newer days are told.
-- Of less than twenty gaps in two years nothing can be said.
{% set two_years = 731 %}
{% set least_gaps = 20 %}
{% set remembered = 12 %}
{% set week = 7 %}

with days as (
    select
        source_system,
        source_table,
        business_day,
        day_number,
        told_on,
        max(business_day) over (partition by source_system, source_table) as newest_day,
        day_number - lag(day_number) over (
            partition by source_system, source_table order by business_day
        ) as gap_days
    from {{ ref('int_business_days') }}
),

gaps as (
    select
        source_system,
        source_table,
        newest_day,
        day_number,
        gap_days,
        row_number() over (
            partition by source_system, source_table order by gap_days desc
        ) as size_rank
    from days
    where
        gap_days is not null
        and {{ days_between('business_day', 'newest_day') }} <= {{ two_years }}
),

rhythms as (
    select
        source_system,
        source_table,
        newest_day,
        max(day_number) as newest_number,
        max(case when size_rank = 2 then gap_days end) as usual_gap_days
    from gaps
    group by
        source_system,
        source_table,
        newest_day
    having count(*) >= {{ least_gaps }}
),

loads as (
    select
        source_system,
        source_table,
        told_on,
        max(business_day) as reached_day
    from days
    where told_on is not null
    group by
        source_system,
        source_table,
        told_on
),

reached as (
    select
        *,
        max(reached_day) over (
            partition by source_system, source_table
            order by told_on
            rows between unbounded preceding and 1 preceding
        ) as reached_before
    from loads
),

-- The days of loading that brought a newer day than all before them.
advances as (
    select
        source_system,
        source_table,
        {{ days_between('reached_day', 'told_on') }} as age_days,
        {{ days_between(
            'lag(told_on) over (partition by source_system, source_table order by told_on)',
            'told_on'
        ) }} as gap_days,
        row_number() over (
            partition by source_system, source_table order by told_on desc
        ) as place
    from reached
    where coalesce(reached_day > reached_before, true)
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_system, source_table order by gap_days desc nulls last
        ) as size_rank
    from advances
    where place <= {{ remembered }}
),

feeds as (
    select
        source_system,
        source_table,
        count(*) as advances,
        max(age_days) as age_days,
        case
            when count(gap_days) >= 3 then max(case when size_rank = 2 then gap_days end)
            else greatest(coalesce(max(gap_days), 0), {{ week }})
        end as feed_days
    from ranked
    group by
        source_system,
        source_table
),

final as (
    select
        rhythms.source_system,
        rhythms.source_table,
        rhythms.newest_day,
        rhythms.newest_number,
        rhythms.usual_gap_days,
        feeds.feed_days,
        -- One load alone shows how old the data were that it brought, and no rhythm.
        feeds.advances > 1 as is_fed,
        feeds.age_days
    from rhythms
    inner join feeds
        on
            rhythms.source_system = feeds.source_system
            and rhythms.source_table = feeds.source_table
)

select * from final
