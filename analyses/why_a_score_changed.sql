-- Grain: one row per measure: what it gave on two days, and its part in the change of the score.
-- Why did this account's health score change? Set the account and the two days; the parts add up to
-- the change. A measure that became known or stale moves the weights of the others.
-- Run: csw query why_a_score_changed --set account_id=<id> --set day_before=2025-12-01
{% set account_id = var('account_id', '') %}
{% set day_before = var('day_before', '') %}

-- Without an account: the one whose score fell most in thirty days.
with chosen as (
    select
        account_id,
        date_day,
        health_version
    from {{ ref('fct_account_health_day') }}
    where
        date_day = {{ as_of_date() }}
        and account_id = coalesce(nullif('{{ account_id }}', ''), account_id)
    order by
        trend_30d asc nulls last,
        account_id asc
    limit 1
),

measured as (
    select
        measure_days.account_id,
        measure_days.date_day,
        measure_days.measure,
        measure_days.group_name,
        measure_days.raw_value,
        measure_days.measure_score,
        measure_days.group_weight,
        measure_days.measure_weight,
        measure_days.date_day = chosen.date_day as is_after,
        sum(measure_days.measure_weight) over (
            partition by measure_days.date_day, measure_days.group_name
        ) as weight_in_group
    from chosen
    inner join {{ ref('fct_account_health_measure_day') }} as measure_days
        on
            chosen.account_id = measure_days.account_id
            and chosen.health_version = measure_days.health_version
            and (
                chosen.date_day = measure_days.date_day
                or measure_days.date_day
                {%- if day_before %}
                = cast('{{ day_before }}' as date)
                {%- else %}
                = {{ add_days('chosen.date_day', -30) }}
                {%- endif %}
            )
),

group_weights as (
    select
        is_after,
        sum(group_weight) as all_weights
    from (
        select distinct
            is_after,
            group_name,
            group_weight
        from measured
    ) as observed_groups
    group by is_after
),

points as (
    select
        measured.account_id,
        measured.measure,
        measured.is_after,
        measured.raw_value,
        measured.measure_score,
        measured.measure_score * measured.measure_weight / measured.weight_in_group
        * measured.group_weight / group_weights.all_weights as points
    from measured
    inner join group_weights
        on measured.is_after = group_weights.is_after
),

final as (
    select
        account_id,
        measure,
        max(case when not is_after then raw_value end) as value_before,
        max(case when is_after then raw_value end) as value_after,
        max(case when not is_after then measure_score end) as score_before,
        max(case when is_after then measure_score end) as score_after,
        sum(case when not is_after then points else 0 end) as points_before,
        sum(case when is_after then points else 0 end) as points_after,
        sum(case when is_after then points else -points end) as change_in_points
    from points
    group by
        account_id,
        measure
)

select * from final
order by
    abs(change_in_points) desc,
    measure asc
