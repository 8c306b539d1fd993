-- Grain: one row per snapshot_type, segment_type, segment_value and metric.
-- How well the health score told who would leave, beside a trained model on the same snapshots.
-- Nothing learned after a snapshot enters a score, and a model rates only what came after it. With
-- fewer leavers than backtest_least_churned (or stayers, where both are compared) a figure is
-- chance: no AUC, no Brier score, no interval.
{%- set least = var('backtest_least_churned') %}

with areas as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        case predictor
            when 'score' then 'auc'
            when 'score_any' then 'auc_any_coverage'
            when 'score_test' then 'auc_test'
            when 'model_any' then 'model_auc_any_coverage'
            else 'model_auc_test'
        end as metric,
        auc as value,
        ci_low,
        ci_high,
        accounts,
        churned_accounts,
        snapshots,
        churned_snapshots
    from {{ ref('fct_health_backtest_auc') }}
),

rates as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        metric,
        value,
        ci_low,
        ci_high,
        accounts,
        churned_accounts,
        snapshots,
        churned_snapshots
    from {{ ref('fct_health_backtest_rate') }}
),

chances as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        predictor,
        account_id,
        is_churned,
        cast(chance as double) - case when is_churned then 1 else 0 end as miss,
        cast(base_rate as double) - case when is_churned then 1 else 0 end as base_miss
    from {{ ref('fct_health_calibration') }}
),

warnings as (
    select
        account_id,
        warning_lead_days
    from {{ ref('fct_churn_warning') }}
),

-- How often the tenth with the lowest scores leaves, against how often all do.
lifts as (
    select
        tenths.snapshot_type,
        tenths.segment_type,
        tenths.segment_value,
        'lift_at_10pct' as metric,
        tenths.value / nullif(whole.value, 0) as value,
        tenths.ci_low / nullif(whole.value, 0) as ci_low,
        tenths.ci_high / nullif(whole.value, 0) as ci_high,
        tenths.accounts,
        tenths.churned_accounts,
        tenths.snapshots,
        tenths.churned_snapshots
    from rates as tenths
    inner join rates as whole
        on
            tenths.snapshot_type = whole.snapshot_type
            and tenths.segment_type = whole.segment_type
            and tenths.segment_value = whole.segment_value
    where
        tenths.metric = 'precision_at_10pct'
        and whole.metric = 'churn_rate'
),

-- The Brier score is the mean squared miss; the reference gives everyone the share known by then.
briers as (
    {%- for metric, miss, predictor in [
        ('brier', 'miss', 'score'),
        ('brier_reference', 'base_miss', 'score'),
        ('brier_test', 'miss', 'score_test'),
        ('model_brier_test', 'miss', 'model_test'),
        ('brier_reference_test', 'base_miss', 'score_test'),
        ('model_brier_any_coverage', 'miss', 'model_any'),
        ('brier_reference_any_coverage', 'base_miss', 'model_any'),
    ] %}
    {{ 'union all' if not loop.first }}
    select
        snapshot_type,
        segment_type,
        segment_value,
        '{{ metric }}' as metric,
        round(avg({{ miss }} * {{ miss }}), 10) as value,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high,
        count(distinct account_id) as accounts,
        count(distinct case when is_churned then account_id end) as churned_accounts,
        count(*) as snapshots,
        count_if(is_churned) as churned_snapshots
    from chances
    where predictor = '{{ predictor }}'
    group by
        snapshot_type,
        segment_type,
        segment_value
    {%- endfor %}
),

lead_times as (
    {%- for metric, value in [
        ('lead_time_days_median', 'median(warning_lead_days)'),
        ('share_warned', 'round(avg(case when warning_lead_days is null then 0 else 1 end), 10)'),
    ] %}
    {{ 'union all' if not loop.first }}
    select
        'churn' as snapshot_type,
        'total' as segment_type,
        'all' as segment_value,
        '{{ metric }}' as metric,
        {{ value }} as value,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high,
        count(distinct account_id) as accounts,
        count(distinct account_id) as churned_accounts,
        count(*) as snapshots,
        count(*) as churned_snapshots
    from warnings
    having count(*) > 0
    {%- endfor %}
),

metrics as (
    select
        *,
        churned_accounts < {{ least }} or snapshots - churned_snapshots < {{ least }} as is_chance,
        true as needs_both
    from areas
    union all
    select
        *,
        churned_accounts < {{ least }} and metric <> 'share_unknown' as is_chance,
        false as needs_both
    from rates
    union all
    select
        *,
        churned_accounts < {{ least }} as is_chance,
        false as needs_both
    from lifts
    union all
    select
        *,
        churned_accounts < {{ least }} or snapshots - churned_snapshots < {{ least }} as is_chance,
        true as needs_both
    from briers
    union all
    select
        *,
        false as is_chance,
        false as needs_both
    from lead_times
),

final as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        metric,
        cast(case when not (is_chance and needs_both) then value end as double) as value,
        cast(case when not is_chance then ci_low end as double) as ci_low,
        cast(case when not is_chance then ci_high end as double) as ci_high,
        cast(accounts as bigint) as accounts,
        cast(churned_accounts as bigint) as churned,
        cast(snapshots as bigint) as snapshots,
        cast(churned_snapshots as bigint) as churned_snapshots
    from metrics
)

select * from final
