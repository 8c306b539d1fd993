-- Grain: one row per segment_type, segment_value and day since the start on which anybody had first
-- value, or was last seen without.
-- Kaplan-Meier estimate of the share with first value, with its 95 % band on the log-log scale
-- (Greenwood's variance), six decimals. Who left, or still waits, counts as long as it was seen.
with onboardings as (
    select
        days_observed,
        (days_to_first_value is not null) as is_reached,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_onboarding') }}
    where days_observed is not null
),

days as (
    select
        days_observed as day,
        {{ segment_keys() }},
        count(*) as seen,
        count_if(is_reached) as reached
    from onboardings
    group by {{ segment_grouping_sets(['days_observed']) }}
),

waiting as (
    select
        segment_type,
        segment_value,
        day,
        seen,
        reached,
        -- Who reached it on a day, or was last seen on it, was still waiting on it.
        sum(seen) over (
            partition by segment_type, segment_value
            order by day desc
        ) as at_risk
    from days
),

{{ kaplan_meier('waiting', 'day', 'reached') }}

final as (
    select
        segment_type,
        segment_value,
        cast(day as integer) as day,
        cast(seen as bigint) as seen,
        cast(reached as bigint) as reached,
        cast(at_risk as bigint) as at_risk,
        cast(round(1 - survival, 6) as double) as share_with_value,
        cast(round(1 - exp(log_survival * exp(-half_width)), 6) as double) as ci_low,
        cast(round(1 - exp(log_survival * exp(half_width)), 6) as double) as ci_high
    from banded
)

select * from final
