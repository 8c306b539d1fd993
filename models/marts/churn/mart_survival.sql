-- Grain: one row per segment_type, segment_value and age_months.
-- Kaplan-Meier estimate of the share of customers still there after so many months, with its
-- 95 % band on the log-log scale (Greenwood's variance), six decimals. Segments are those at the
-- start.
with lifetimes as (
    select
        account_id,
        duration_months,
        is_churned,
        segment,
        plan,
        product,
        region,
        country,
        industry,
        size_band,
        csm_id,
        start_year
    from {{ ref('fct_account_lifetime') }}
),

leavers as (
    select
        duration_months as age_months,
        {{ segment_keys() }},
        count(*) as leaving,
        count_if(is_churned) as churned
    from lifetimes
    group by {{ segment_grouping_sets(['duration_months']) }}
),

last_ages as (
    select
        segment_type,
        segment_value,
        max(age_months) as last_age
    from leavers
    group by
        segment_type,
        segment_value
),

-- Age 0 to the oldest of the segment, without gaps.
ages as (
    select
        segment_type,
        segment_value,
        {{ integer_series(0, 'last_age') }} as age_months
    from last_ages
),

life_tables as (
    select
        ages.segment_type,
        ages.segment_value,
        ages.age_months,
        coalesce(leavers.churned, 0) as churned,
        -- Who leaves or is last seen at an age was still at risk at it.
        sum(coalesce(leavers.leaving, 0)) over (
            partition by ages.segment_type, ages.segment_value
            order by ages.age_months desc
        ) as at_risk
    from ages
    left outer join leavers
        on
            ages.segment_type = leavers.segment_type
            and ages.segment_value = leavers.segment_value
            and ages.age_months = leavers.age_months
),

{{ kaplan_meier('life_tables', 'age_months', 'churned') }}

final as (
    select
        segment_type,
        segment_value,
        cast(age_months as integer) as age_months,
        cast(at_risk as bigint) as at_risk,
        cast(churned as bigint) as churned,
        cast(round(survival, 6) as double) as survival,
        cast(round(exp(log_survival * exp(half_width)), 6) as double) as ci_low,
        cast(round(exp(log_survival * exp(-half_width)), 6) as double) as ci_high,
        '{{ metric_policy() }}' as metric_policy
    from banded
)

select * from final
