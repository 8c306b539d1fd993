-- Grain: one row per account under contract: its health today, and what weighs on it.
with days as (
    select
        account_id,
        date_day,
        band
    from {{ ref('fct_account_health_day') }}
),

health as (
    select
        account_id,
        date_day,
        segment,
        lifecycle_stage,
        csm_id,
        health_version,
        score,
        displayed_score,
        band,
        displayed_band,
        coverage,
        trend_7d,
        trend_30d,
        trend_90d,
        override_author,
        override_reason,
        override_expires_on
    from {{ ref('fct_account_health_day') }}
    where date_day = {{ as_of_date() }}
),

-- Since when the band is what it is: the first day after the last one with another band.
spells as (
    select
        health.account_id,
        coalesce(
            {{ add_days("max(case when days.band <> health.band then days.date_day end)", 1) }},
            min(days.date_day)
        ) as band_since
    from health
    inner join days
        on health.account_id = days.account_id
    group by health.account_id
),

components as (
    select
        account_id,
        sentence,
        is_missing,
        reason_number
    from {{ ref('fct_health_component') }}
),

reasons as (
    select
        account_id,
        sum(case when is_missing then 1 else 0 end) as missing_measures,
        max(case when reason_number = 1 then sentence end) as reason_1,
        max(case when reason_number = 2 then sentence end) as reason_2,
        max(case when reason_number = 3 then sentence end) as reason_3
    from components
    group by account_id
),

accounts as (
    select
        account_id,
        account_name,
        csm_name
    from {{ ref('dim_account') }}
),

revenue as (
    select
        account_id,
        arr
    from {{ ref('fct_account_revenue') }}
),

renewals as (
    select
        account_id,
        min(term_end) as renewal_on
    from {{ ref('fct_subscription') }}
    where
        is_active
        and term_end > {{ as_of_date() }}
    group by account_id
),

final as (
    select
        health.account_id,
        accounts.account_name,
        health.date_day as as_of_date,
        health.segment,
        health.lifecycle_stage,
        health.csm_id,
        accounts.csm_name,
        health.score,
        health.displayed_score,
        health.band,
        health.displayed_band,
        cast(spells.band_since as date) as band_since,
        health.coverage,
        cast(coalesce(reasons.missing_measures, 0) as bigint) as missing_measures,
        health.trend_7d,
        health.trend_30d,
        health.trend_90d,
        reasons.reason_1,
        reasons.reason_2,
        reasons.reason_3,
        cast(coalesce(revenue.arr, 0) as decimal(18, 2)) as arr,
        renewals.renewal_on,
        health.override_author,
        health.override_reason,
        health.override_expires_on,
        health.health_version
    from health
    left outer join accounts
        on health.account_id = accounts.account_id
    left outer join spells
        on health.account_id = spells.account_id
    left outer join reasons
        on health.account_id = reasons.account_id
    left outer join revenue
        on health.account_id = revenue.account_id
    left outer join renewals
        on health.account_id = renewals.account_id
)

select * from final
