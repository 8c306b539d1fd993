-- Grain: one row per account and month: its health at the close of the month.
-- The last day under contract in the month, which for the running month is the as-of date.
with days as (
    select
        account_id,
        date_day,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month,
        segment,
        lifecycle_stage,
        csm_id,
        health_version,
        score,
        coverage,
        band,
        displayed_score,
        displayed_band,
        trend_30d,
        trend_90d
    from {{ ref('fct_account_health_day') }}
),

group_days as (
    select
        account_id,
        date_day,
        health_version,
        group_name,
        group_score
    from {{ ref('fct_account_health_group_day') }}
),

months as (
    select
        account_id,
        month,
        max(date_day) as snapshot_on,
        count(*) as days_scored,
        sum(case when band = 'red' then 1 else 0 end) as days_red,
        sum(case when band = 'yellow' then 1 else 0 end) as days_yellow,
        sum(case when band = 'green' then 1 else 0 end) as days_green,
        sum(case when band = 'unknown' then 1 else 0 end) as days_unknown
    from days
    group by
        account_id,
        month
),

weakest as (
    select
        group_days.account_id,
        group_days.date_day,
        group_days.health_version,
        group_days.group_name as weakest_group,
        cast(group_days.group_score as double) as weakest_group_score
    from months
    inner join group_days
        on
            months.account_id = group_days.account_id
            and months.snapshot_on = group_days.date_day
    qualify
        row_number() over (
            partition by
                group_days.account_id, group_days.date_day, group_days.health_version
            order by group_days.group_score, group_days.group_name
        ) = 1
),

revenue as (
    select
        account_id,
        month,
        closing_arr
    from {{ ref('fct_account_month') }}
),

final as (
    select
        days.account_id,
        days.month,
        days.date_day as snapshot_on,
        days.segment,
        days.lifecycle_stage,
        days.csm_id,
        days.score,
        days.displayed_score,
        days.band,
        days.displayed_band,
        days.coverage,
        days.trend_30d,
        days.trend_90d,
        weakest.weakest_group,
        weakest.weakest_group_score,
        months.days_scored,
        cast(months.days_red as bigint) as days_red,
        cast(months.days_yellow as bigint) as days_yellow,
        cast(months.days_green as bigint) as days_green,
        cast(months.days_unknown as bigint) as days_unknown,
        cast(coalesce(revenue.closing_arr, 0) as decimal(18, 2)) as arr,
        days.health_version
    from days
    inner join months
        on
            days.account_id = months.account_id
            and days.date_day = months.snapshot_on
    left outer join weakest
        on
            days.account_id = weakest.account_id
            and days.date_day = weakest.date_day
            and days.health_version = weakest.health_version
    left outer join revenue
        on
            days.account_id = revenue.account_id
            and days.month = revenue.month
)

select * from final
