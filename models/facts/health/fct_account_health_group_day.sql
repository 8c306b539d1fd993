-- Grain: one row per account, day, version of the health score and group with an observed measure.
with measure_days as (
    select
        account_id,
        date_day,
        health_version,
        group_name,
        group_weight,
        measure_weight,
        nominal_weight,
        measure_score
    from {{ ref('fct_account_health_measure_day') }}
),

summed as (
    select
        account_id,
        date_day,
        health_version,
        group_name,
        max(group_weight) as group_weight,
        sum(measure_weight) as observed_weight,
        sum(nominal_weight) as coverage,
        sum(measure_weight * measure_score) as weighted_score,
        count(*) as observed_measures
    from measure_days
    group by
        account_id,
        date_day,
        health_version,
        group_name
),

final as (
    select
        account_id,
        date_day,
        health_version,
        group_name,
        group_weight,
        cast(observed_weight as decimal(18, 4)) as observed_weight,
        cast(coverage as decimal(18, 12)) as coverage,
        cast(observed_measures as bigint) as observed_measures,
        cast(cast(weighted_score as double) / observed_weight as decimal(11, 8)) as group_score
    from summed
)

select * from final
