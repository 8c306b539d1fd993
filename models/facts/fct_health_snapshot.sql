-- Grain: one row per snapshot_type, account and day on which its health is judged.
-- The score as it stood, and what became of the account: at the close of each month, whether it
-- left within churn_horizon_days; 90 days before a term is due, whether the term was lost; and
-- today, of which nothing is known yet.
with days as (
    select
        account_id,
        date_day,
        score,
        band,
        coverage,
        health_version
    from {{ ref('fct_account_health_day') }}
),

churn_events as (
    select
        account_id,
        churn_date
    from {{ ref('fct_churn_event') }}
),

renewals as (
    select
        account_id,
        due_on,
        bool_and(outcome = 'churned') as is_churned,
        sum(atr) as atr
    from {{ ref('fct_renewal') }}
    where atr > 0
    group by
        account_id,
        due_on
    having bool_and(is_final)
),

account_months as (
    select
        account_id,
        month,
        closing_arr,
        segment,
        plan,
        product,
        region,
        country,
        industry,
        size_band,
        csm_id,
        start_year
    from {{ ref('fct_account_month') }}
),

first_churns as (
    select
        days.account_id,
        days.date_day,
        min(churn_events.churn_date) as churn_date
    from days
    inner join churn_events
        on
            days.account_id = churn_events.account_id
            and days.date_day < churn_events.churn_date
            and {{ add_days('days.date_day', var('churn_horizon_days')) }}
            >= churn_events.churn_date
    where days.date_day = {{ dbt.last_day('days.date_day', 'month') }}
    group by
        days.account_id,
        days.date_day
),

snapshots as (
    select
        'month_end' as snapshot_type,
        days.account_id,
        days.date_day as snapshot_on,
        {{ add_days('days.date_day', var('churn_horizon_days')) }} as outcome_on,
        first_churns.churn_date is not null as is_churned
    from days
    left outer join first_churns
        on
            days.account_id = first_churns.account_id
            and days.date_day = first_churns.date_day
    where
        days.date_day = {{ dbt.last_day('days.date_day', 'month') }}
        and {{ add_days('days.date_day', var('churn_horizon_days')) }} <= {{ as_of_date() }}
    union all
    select
        'renewal_90d' as snapshot_type,
        renewals.account_id,
        {{ add_days('renewals.due_on', -90) }} as snapshot_on,
        renewals.due_on as outcome_on,
        renewals.is_churned
    from renewals
    union all
    select
        'today' as snapshot_type,
        days.account_id,
        days.date_day as snapshot_on,
        cast(null as date) as outcome_on,
        cast(null as boolean) as is_churned
    from days
    where days.date_day = {{ as_of_date() }}
),

-- A paused account has no ARR to lose: it is not judged. A term that is due had some.
final as (
    select
        snapshots.snapshot_type,
        snapshots.account_id,
        cast(snapshots.snapshot_on as date) as snapshot_on,
        cast(snapshots.outcome_on as date) as outcome_on,
        snapshots.is_churned,
        days.score,
        days.band,
        days.coverage,
        days.health_version,
        account_months.closing_arr as arr,
        {{ each_column(segment_columns().values(), 'account_months.@') }}
    from snapshots
    inner join days
        on
            snapshots.account_id = days.account_id
            and snapshots.snapshot_on = days.date_day
    inner join account_months
        on
            snapshots.account_id = account_months.account_id
            and account_months.month
            = cast({{ dbt.date_trunc('month', 'snapshots.snapshot_on') }} as date)
    where
        snapshots.snapshot_type = 'renewal_90d'
        or account_months.closing_arr > 0
)

select * from final
