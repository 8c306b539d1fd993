-- 100 less the points lost is the score, weights add up to 1, and both stay within their bounds.
{{ config(meta={'dagster': {'ref': {'name': 'mart_health_components'}}}) }}

with explained as (
    select
        account_id,
        sum(weight) as weight,
        100 - sum(points_lost) as score,
        sum(nominal_weight) as nominal_weight,
        sum(case when is_missing then 0 else nominal_weight end) as coverage
    from {{ ref('mart_health_components') }}
    group by account_id
)

select
    shown.account_id,
    shown.score,
    explained.score as explained_score,
    explained.weight,
    shown.coverage,
    explained.coverage as explained_coverage
from {{ ref('mart_health_score') }} as shown
inner join explained
    on shown.account_id = explained.account_id
where
    abs(explained.nominal_weight - 1) > 0.000001
    or abs(shown.coverage - explained.coverage) > 0.000001
    or (shown.score is null and explained.weight <> 0)
    or shown.score not between 0 and 100
    or abs(shown.score - explained.score) > 0.000001
    or (shown.score is not null and abs(explained.weight - 1) > 0.000001)
