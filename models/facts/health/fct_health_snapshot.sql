-- Grain: one row per snapshot_type, account and day on which its health is judged.
-- The score as it stood, and what became of the account: at the close of each month, whether it
-- left within churn_horizon_days (by its ARR, and apart from that by what the CRM notes); 90 days
-- before a term is due, whether the term was lost; and today, of which nothing is known yet.
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

churn_notes as (
    select
        account_id,
        churned_on
    from {{ ref('int_crm_churn_reasons') }}
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

month_ends as (
    select
        account_id,
        date_day as snapshot_on,
        {{ add_days('date_day', var('churn_horizon_days')) }} as outcome_on
    from days
    where
        date_day = {{ dbt.last_day('date_day', 'month') }}
        and {{ add_days('date_day', var('churn_horizon_days')) }} <= {{ as_of_date() }}
),

snapshots as (
    select
        'month_end' as snapshot_type,
        month_ends.account_id,
        month_ends.snapshot_on,
        month_ends.outcome_on,
        count(churn_events.churn_date) > 0 as is_churned
    from month_ends
    left outer join churn_events
        on
            month_ends.account_id = churn_events.account_id
            and month_ends.snapshot_on < churn_events.churn_date
            and month_ends.outcome_on >= churn_events.churn_date
    group by
        month_ends.account_id,
        month_ends.snapshot_on,
        month_ends.outcome_on
    union all
    select
        'month_end_noted' as snapshot_type,
        month_ends.account_id,
        month_ends.snapshot_on,
        month_ends.outcome_on,
        count(churn_notes.churned_on) > 0 as is_churned
    from month_ends
    left outer join churn_notes
        on
            month_ends.account_id = churn_notes.account_id
            and month_ends.snapshot_on < churn_notes.churned_on
            and month_ends.outcome_on >= churn_notes.churned_on
    group by
        month_ends.account_id,
        month_ends.snapshot_on,
        month_ends.outcome_on
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
