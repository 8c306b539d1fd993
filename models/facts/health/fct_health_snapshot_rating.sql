-- Grain: one row per snapshot_type, segment_type, segment_value, predictor, account and
-- snapshot_on. What each predictor said of an account before its outcome was known, in every cut.
-- `score` is the health score wherever enough was known, `score_any` wherever there was one;
-- `score_test` and `model_test` are the score and the trained model on the snapshots that a model
-- trained before them could rate: these two compare. `model_any` is the model wherever there was
-- one, also where too little was known for a score.
with snapshots as (
    select
        snapshot_type,
        account_id,
        snapshot_on,
        is_churned,
        score as any_score,
        case when band <> 'unknown' then score end as score,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_health_snapshot') }}
    where is_churned is not null
),

predictions as (
    select
        account_id,
        snapshot_on,
        probability
    from {{ ref('fct_churn_risk_prediction') }}
),

rated as (
    select
        snapshots.*,
        case when snapshots.snapshot_type = 'month_end' then predictions.probability end
            as probability
    from snapshots
    left outer join predictions
        on
            snapshots.account_id = predictions.account_id
            and snapshots.snapshot_on = predictions.snapshot_on
),

risks as (
    select
        *,
        'score' as predictor,
        100 - score as risk
    from rated
    where score is not null
    union all
    select
        *,
        'score_any' as predictor,
        100 - any_score as risk
    from rated
    where any_score is not null
    union all
    select
        *,
        'score_test' as predictor,
        100 - score as risk
    from rated
    where
        score is not null
        and probability is not null
    union all
    select
        *,
        'model_test' as predictor,
        probability as risk
    from rated
    where
        score is not null
        and probability is not null
    union all
    select
        *,
        'model_any' as predictor,
        probability as risk
    from rated
    where probability is not null
),

cuts as (
    select
        snapshot_type,
        'total' as segment_type,
        'all' as segment_value,
        predictor,
        account_id,
        snapshot_on,
        is_churned,
        risk
    from risks
    {%- for type, column in segment_columns().items() %}
    union all
    select
        snapshot_type,
        '{{ type }}' as segment_type,
        coalesce({{ column }}, 'unassigned') as segment_value,
        predictor,
        account_id,
        snapshot_on,
        is_churned,
        risk
    from risks
    {%- endfor %}
),

-- Sums of thousandths of a point are exact, so the same rows always give the same figures.
final as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        predictor,
        account_id,
        snapshot_on,
        is_churned,
        cast(risk as decimal(18, 8)) as risk
    from cuts
)

select * from final
