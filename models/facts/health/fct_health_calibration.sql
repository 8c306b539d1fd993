-- Grain: one row per snapshot_type, segment_type, segment_value, predictor, account and
-- snapshot_on whose chance of churn could be told from earlier outcomes.
-- The score is no probability. Its chance is the share of churn among earlier snapshots of the
-- type whose score lay in the same ten points and whose outcome was known by then, drawn towards
-- the share of all earlier ones as if ten more of them had been seen. The model's is its own.
with snapshots as (
    select
        snapshot_type,
        account_id,
        snapshot_on,
        outcome_on,
        case when is_churned then 1 else 0 end as churned,
        case when band <> 'unknown' then least(cast(floor(score / 10) as integer), 9) end
            as score_decile
    from {{ ref('fct_health_snapshot') }}
    where is_churned is not null
),

ratings as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        predictor,
        account_id,
        snapshot_on,
        is_churned,
        risk
    from {{ ref('fct_health_snapshot_rating') }}
    where predictor <> 'score_any'
),

asked_days as (
    select distinct
        snapshot_type,
        snapshot_on
    from snapshots
),

learned as (
    select
        asked_days.snapshot_type,
        asked_days.snapshot_on,
        snapshots.score_decile,
        count(*) as known,
        sum(snapshots.churned) as known_churned
    from asked_days
    inner join snapshots
        on
            asked_days.snapshot_type = snapshots.snapshot_type
            and asked_days.snapshot_on >= snapshots.outcome_on
    group by
        asked_days.snapshot_type,
        asked_days.snapshot_on,
        snapshots.score_decile
),

-- Of the snapshots with a score, and of all.
base as (
    select
        snapshot_type,
        snapshot_on,
        cast(sum(case when score_decile is not null then known_churned end) as double)
        / nullif(sum(case when score_decile is not null then known end), 0) as base_rate,
        cast(sum(known_churned) as double) / sum(known) as base_rate_of_all
    from learned
    group by
        snapshot_type,
        snapshot_on
),

chances as (
    select
        snapshots.snapshot_type,
        snapshots.account_id,
        snapshots.snapshot_on,
        base.base_rate,
        base.base_rate_of_all,
        case
            when snapshots.score_decile is not null
                then
                    (coalesce(learned.known_churned, 0) + 10 * base.base_rate)
                    / (coalesce(learned.known, 0) + 10)
        end as score_chance
    from snapshots
    inner join base
        on
            snapshots.snapshot_type = base.snapshot_type
            and snapshots.snapshot_on = base.snapshot_on
    left outer join learned
        on
            snapshots.snapshot_type = learned.snapshot_type
            and snapshots.snapshot_on = learned.snapshot_on
            and snapshots.score_decile = learned.score_decile
),

final as (
    select
        ratings.snapshot_type,
        ratings.segment_type,
        ratings.segment_value,
        ratings.predictor,
        ratings.account_id,
        ratings.snapshot_on,
        ratings.is_churned,
        cast(
            case
                when ratings.predictor in ('model_test', 'model_any') then ratings.risk
                else chances.score_chance
            end as decimal(18, 8)
        ) as chance,
        cast(
            case
                when ratings.predictor = 'model_any' then chances.base_rate_of_all
                else chances.base_rate
            end as decimal(18, 8)
        ) as base_rate
    from ratings
    inner join chances
        on
            ratings.snapshot_type = chances.snapshot_type
            and ratings.account_id = chances.account_id
            and ratings.snapshot_on = chances.snapshot_on
    where
        ratings.predictor = 'model_any'
        or chances.base_rate is not null
)

select * from final
