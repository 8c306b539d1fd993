-- Grain: one row per account with ARR today: the trained model's chance that it leaves.
-- Empty while too few accounts have left to train on (var churn_model_least_churned).
with predictions as (
    select
        account_id,
        snapshot_on,
        trained_on,
        probability,
        model_version
    from {{ ref('fct_churn_risk_prediction') }}
    where snapshot_on = {{ as_of_date() }}
),

contributions as (
    select
        account_id,
        input,
        kind,
        raw_value,
        contribution
    from {{ ref('fct_churn_risk_contribution') }}
    where
        snapshot_on = {{ as_of_date() }}
        and kind <> 'intercept'
        and contribution <> 0
),

wording as (
    select
        measure,
        max(label) as label,
        max(sentence) as sentence,
        max(never_sentence) as never_sentence,
        max(unit) as unit
    from {{ ref('dim_health_measure') }}
    where
        effective_from <= {{ as_of_date() }}
        and effective_to > {{ as_of_date() }}
    group by measure
),

input_days as (
    select
        account_id,
        days_since_touchpoint,
        days_since_qbr
    from {{ ref('fct_account_health_input_day') }}
    where date_day = {{ as_of_date() }}
),

nevers as (
    {{ never_measures('input_days') }}
),

health as (
    select
        account_id,
        score,
        band
    from {{ ref('fct_account_health_day') }}
    where date_day = {{ as_of_date() }}
),

revenue as (
    select
        account_id,
        arr
    from {{ ref('fct_account_revenue') }}
),

told as (
    select
        contributions.account_id,
        case
            when contributions.kind = 'missing' and contributions.raw_value is null
                then wording.label || ' is not known'
            when contributions.kind = 'missing' then wording.label || ' is known'
            when contributions.raw_value is null then wording.label || ' is taken as average'
            when nevers.account_id is not null and wording.never_sentence is not null
                then wording.never_sentence
            else
                replace(
                    wording.sentence,
                    '{value}',
                    {{ written_value('contributions.raw_value', 'wording.unit') }}
                )
        end
        || case
            when contributions.contribution > 0 then ': raises the risk (+'
            else ': lowers the risk (−'
        end
        || cast(cast(abs(contributions.contribution) as decimal(18, 2)) as varchar) || ')'
            as sentence,
        row_number() over (
            partition by contributions.account_id
            order by
                abs(contributions.contribution) desc,
                contributions.input asc,
                contributions.kind asc
        ) as number_in_account
    from contributions
    inner join wording
        on contributions.input = wording.measure
    left outer join nevers
        on
            contributions.account_id = nevers.account_id
            and contributions.input = nevers.measure
),

reasons as (
    select
        account_id,
        max(case when number_in_account = 1 then sentence end) as contribution_1,
        max(case when number_in_account = 2 then sentence end) as contribution_2,
        max(case when number_in_account = 3 then sentence end) as contribution_3
    from told
    group by account_id
),

final as (
    select
        predictions.account_id,
        cast(predictions.snapshot_on as date) as as_of_date,
        predictions.probability,
        cast({{ var('churn_horizon_days') }} as bigint) as horizon_days,
        row_number() over (order by predictions.probability desc, predictions.account_id asc)
            as risk_rank,
        reasons.contribution_1,
        reasons.contribution_2,
        reasons.contribution_3,
        cast(coalesce(revenue.arr, 0) as decimal(18, 2)) as arr,
        cast(coalesce(revenue.arr, 0) * predictions.probability as decimal(18, 2))
            as expected_arr_loss,
        health.score,
        health.band,
        predictions.model_version,
        cast(predictions.trained_on as date) as trained_on
    from predictions
    left outer join reasons
        on predictions.account_id = reasons.account_id
    left outer join health
        on predictions.account_id = health.account_id
    left outer join revenue
        on predictions.account_id = revenue.account_id
)

select * from final
