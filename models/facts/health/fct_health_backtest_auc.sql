-- Grain: one row per snapshot_type, segment_type, segment_value and predictor.
-- AUC: the chance that an account that left was rated riskier than one that stayed, ties one half
-- (Mann-Whitney). The interval is on the logit scale from the placement values of DeLong (1988),
-- added up by account (Obuchowski 1997), because the snapshots of one account are not independent.
{%- set keys = ['snapshot_type', 'segment_type', 'segment_value', 'predictor'] %}

with ratings as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        predictor,
        account_id,
        case when is_churned then 1 else 0 end as churned,
        risk
    from {{ ref('fct_health_snapshot_rating') }}
),

ranked as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        predictor,
        account_id,
        churned,
        sum(churned) over whole as all_churned,
        sum(1 - churned) over whole as all_stayed,
        sum(churned) over up_to as churned_up_to,
        sum(1 - churned) over up_to as stayed_up_to,
        sum(churned) over ties as churned_ties,
        sum(1 - churned) over ties as stayed_ties
    from ratings
    window
        whole as (partition by {{ keys | join(', ') }}),
        up_to as (
            partition by {{ keys | join(', ') }}
            order by risk
            range between unbounded preceding and current row
        ),
        ties as (partition by {{ keys | join(', ') }}, risk)
),

-- Where an account stands among those of the other outcome, from 0 to 1.
placed as (
    select
        *,
        case
            when churned = 1 then (stayed_up_to - 0.5 * stayed_ties) / all_stayed
            else 1 - (churned_up_to - 0.5 * churned_ties) / all_churned
        end as placement
    from ranked
    where
        all_churned > 0
        and all_stayed > 0
),

averaged as (
    select
        *,
        avg(case when churned = 1 then placement end) over (
            partition by {{ keys | join(', ') }}
        ) as auc
    from placed
),

by_account as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        predictor,
        account_id,
        max(auc) as auc,
        count(*) as snapshots,
        sum(churned) as churned_snapshots,
        sum(
            (placement - auc)
            / case when churned = 1 then all_churned else all_stayed end
        ) as influence
    from averaged
    group by
        snapshot_type,
        segment_type,
        segment_value,
        predictor,
        account_id
),

summed as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        predictor,
        round(max(auc), 10) as auc,
        count(*) as accounts,
        sum(case when churned_snapshots > 0 then 1 else 0 end) as churned_accounts,
        sum(snapshots) as snapshots,
        sum(churned_snapshots) as churned_snapshots,
        round(sqrt(sum(influence * influence) * count(*) / nullif(count(*) - 1, 0)), 10)
            as standard_error
    from by_account
    group by
        snapshot_type,
        segment_type,
        segment_value,
        predictor
),

final as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        predictor,
        auc,
        {{ logit_bound('auc', 'standard_error', '-') }} as ci_low,
        {{ logit_bound('auc', 'standard_error', '+') }} as ci_high,
        cast(accounts as bigint) as accounts,
        cast(churned_accounts as bigint) as churned_accounts,
        cast(snapshots as bigint) as snapshots,
        cast(churned_snapshots as bigint) as churned_snapshots
    from summed
)

select * from final
