-- Grain: one row per segment_type and segment_value: days from the start to the first value.
with curves as (
    select
        segment_type,
        segment_value,
        day,
        seen,
        reached,
        share_with_value,
        ci_low,
        ci_high
    from {{ ref('fct_time_to_value_curve') }}
),

summed as (
    select
        segment_type,
        segment_value,
        sum(seen) as accounts,
        sum(reached) as reached,
        min(day) filter (where share_with_value >= 0.5) as median_days,
        min(day) filter (where ci_high >= 0.5) as median_ci_low,
        min(day) filter (where ci_low >= 0.5) as median_ci_high,
        max(day) as last_day,
        max(share_with_value) as last_share,
        coalesce(max(share_with_value) filter (where day <= 30), 0) as share_in_30_days
    from curves
    group by
        segment_type,
        segment_value
),

final as (
    select
        segment_type,
        segment_value,
        cast(accounts as bigint) as accounts,
        cast(reached as bigint) as reached,
        cast(accounts - reached as bigint) as not_reached,
        cast(median_days as bigint) as median_days,
        cast(median_ci_low as bigint) as median_ci_low,
        cast(median_ci_high as bigint) as median_ci_high,
        cast(case when last_day >= 30 or last_share = 1 then share_in_30_days end as double)
            as reached_in_30_days,
        {{ as_of_date() }} as as_of_date,
        '{{ metric_policy() }}' as metric_policy
    from summed
)

select * from final
