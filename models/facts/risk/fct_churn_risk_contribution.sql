-- Grain: one row per account, snapshot_on, input and kind of input of the churn model.
-- What each input adds to the log-odds of churn, under the model that was trained last by then.
{%- set measures = health_input_measures() %}

with snapshots as (
    select distinct
        account_id,
        snapshot_on
    from {{ ref('fct_health_snapshot') }}
    where snapshot_type in ('month_end', 'today')
),

input_days as (
    select
        account_id,
        date_day,
        {{ measures | join(',\n        ') }}
    from {{ ref('fct_account_health_input_day') }}
),

coefficients as (
    select
        trained_on,
        applies_to,
        input,
        kind,
        low,
        high,
        fill_value,
        mean,
        scale,
        coefficient,
        model_version
    from {{ ref('fct_churn_model_coefficient') }}
    -- The other kinds name what a model was trained without.
    where kind in ('value', 'missing', 'intercept')
),

-- Before the measures become rows: few days are asked about.
inputs as (
    select
        snapshots.account_id,
        snapshots.snapshot_on,
        {{ each_column(measures, 'input_days.@') }}
    from snapshots
    inner join input_days
        on
            snapshots.account_id = input_days.account_id
            and snapshots.snapshot_on = input_days.date_day
),

measured as (
    select *
    from inputs
    unpivot (raw_value for measure in ({{ measures | join(', ') }}))
),

asked as (
    select
        snapshots.account_id,
        snapshots.snapshot_on,
        coefficients.trained_on,
        coefficients.input,
        coefficients.kind,
        coefficients.mean,
        coefficients.scale,
        coefficients.coefficient,
        coefficients.model_version,
        measured.raw_value,
        case
            when coefficients.kind = 'intercept' then 1.0
            when coefficients.kind = 'missing' and measured.raw_value is null then 1.0
            when coefficients.kind = 'missing' then 0.0
            when measured.raw_value is null then coefficients.fill_value
            else least(greatest(measured.raw_value, coefficients.low), coefficients.high)
        end as input_value
    from snapshots
    inner join coefficients
        on
            snapshots.snapshot_on >= coefficients.trained_on
            and snapshots.snapshot_on <= coefficients.applies_to
    left outer join measured
        on
            snapshots.account_id = measured.account_id
            and snapshots.snapshot_on = measured.snapshot_on
            and coefficients.input = measured.measure
),

final as (
    select
        account_id,
        snapshot_on,
        trained_on,
        input,
        kind,
        raw_value,
        cast(coefficient * (input_value - mean) / scale as decimal(18, 10)) as contribution,
        model_version
    from asked
)

select * from final
