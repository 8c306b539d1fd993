-- Grain: one row per churn event of an account with a health score before it.
-- The warning is the last spell in the red band that was still running in the 90 days before the
-- churn; the lead time is from its first day to the first day without service.
with churn_events as (
    select
        account_id,
        churn_date,
        month
    from {{ ref('fct_churn_event') }}
),

health as (
    select
        account_id,
        date_day,
        band,
        score
    from {{ ref('fct_account_health_day') }}
),

spells as (
    select
        account_id,
        started_on,
        ended_on
    from {{ ref('fct_health_band_spell') }}
    where band = 'red'
),

scored as (
    select distinct
        churn_events.account_id,
        churn_events.churn_date,
        churn_events.month
    from churn_events
    inner join health
        on
            churn_events.account_id = health.account_id
            and churn_events.churn_date > health.date_day
),

warnings as (
    select
        churn_events.account_id,
        churn_events.churn_date,
        max(spells.started_on) as warned_on
    from churn_events
    inner join spells
        on
            churn_events.account_id = spells.account_id
            and churn_events.churn_date > spells.started_on
            and {{ add_days('churn_events.churn_date', -90) }} < spells.ended_on
    group by
        churn_events.account_id,
        churn_events.churn_date
),

final as (
    select
        scored.account_id,
        scored.churn_date,
        scored.month,
        before.band as band_90d_before,
        before.score as score_90d_before,
        warnings.warned_on,
        cast({{ days_between('warnings.warned_on', 'scored.churn_date') }} as bigint)
            as warning_lead_days
    from scored
    left outer join health as before
        on
            scored.account_id = before.account_id
            and {{ add_days('scored.churn_date', -90) }} = before.date_day
    left outer join warnings
        on
            scored.account_id = warnings.account_id
            and scored.churn_date = warnings.churn_date
)

select * from final
