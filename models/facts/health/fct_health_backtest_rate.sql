-- Grain: one row per snapshot_type, segment_type, segment_value and metric.
-- Shares of snapshots: who left, in total, per band, and among the tenth with the lowest scores;
-- who of those that left was red. Intervals on the logit scale, with the variance of a ratio of
-- sums over accounts, because the snapshots of one account are not independent.
with snapshots as (
    select
        snapshot_type,
        account_id,
        snapshot_on,
        band,
        case when band <> 'unknown' then score end as score,
        case when is_churned then 1 else 0 end as churned,
        {{ each_column(segment_columns().values(), '@') }}
    from {{ ref('fct_health_snapshot') }}
    where is_churned is not null
),

cuts as (
    select
        snapshot_type,
        account_id,
        snapshot_on,
        band,
        score,
        churned,
        'total' as segment_type,
        'all' as segment_value
    from snapshots
    {%- for type, column in segment_columns().items() %}
    union all
    select
        snapshot_type,
        account_id,
        snapshot_on,
        band,
        score,
        churned,
        '{{ type }}' as segment_type,
        coalesce({{ column }}, 'unassigned') as segment_value
    from snapshots
    {%- endfor %}
),

ordered as (
    select
        *,
        score is not null
        and row_number() over (
            partition by snapshot_type, segment_type, segment_value
            order by score asc nulls last, snapshot_on asc, account_id asc
        ) <= ceil(
            0.1 * count(score) over (partition by snapshot_type, segment_type, segment_value)
        ) as is_lowest_tenth
    from cuts
),

-- Each metric is a share: of the snapshots that count, those that have it.
counted as (
    {%- for metric, counts, has in [
        ('churn_rate', 'true', 'churned'),
        ('churn_rate_red', "band = 'red'", 'churned'),
        ('churn_rate_yellow', "band = 'yellow'", 'churned'),
        ('churn_rate_green', "band = 'green'", 'churned'),
        ('churn_rate_unknown', "band = 'unknown'", 'churned'),
        ('precision_at_10pct', 'is_lowest_tenth', 'churned'),
        ('recall_at_10pct', 'churned = 1 and score is not null',
         'case when is_lowest_tenth then 1 else 0 end'),
        ('recall_red', 'churned = 1', "case when band = 'red' then 1 else 0 end"),
        ('recall_red_or_yellow', 'churned = 1',
         "case when band in ('red', 'yellow') then 1 else 0 end"),
        ('share_unknown', 'true', "case when band = 'unknown' then 1 else 0 end"),
    ] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ metric }}' as metric,
        snapshot_type,
        segment_type,
        segment_value,
        account_id,
        count(*) as counts,
        sum({{ has }}) as has,
        sum(churned) as churned
    from ordered
    where {{ counts }}
    group by
        snapshot_type,
        segment_type,
        segment_value,
        account_id
    {%- endfor %}
),

shares as (
    select
        *,
        round(cast(sum(has) over cut as double) / sum(counts) over cut, 10) as share,
        sum(counts) over cut as all_counts
    from counted
    window cut as (partition by metric, snapshot_type, segment_type, segment_value)
),

summed as (
    select
        metric,
        snapshot_type,
        segment_type,
        segment_value,
        max(share) as share,
        count(*) as accounts,
        sum(case when churned > 0 then 1 else 0 end) as churned_accounts,
        sum(counts) as snapshots,
        sum(churned) as churned_snapshots,
        round(
            sqrt(
                sum((has - share * counts) * (has - share * counts))
                * count(*) / nullif(count(*) - 1, 0)
            ) / max(all_counts),
            10
        ) as standard_error
    from shares
    group by
        metric,
        snapshot_type,
        segment_type,
        segment_value
),

final as (
    select
        snapshot_type,
        segment_type,
        segment_value,
        metric,
        share as value,
        {{ logit_bound('share', 'standard_error', '-') }} as ci_low,
        {{ logit_bound('share', 'standard_error', '+') }} as ci_high,
        cast(accounts as bigint) as accounts,
        cast(churned_accounts as bigint) as churned_accounts,
        cast(snapshots as bigint) as snapshots,
        cast(churned_snapshots as bigint) as churned_snapshots
    from summed
)

select * from final
