-- Every cut adds up to the total; what has no value for the cut stands under `unassigned`.
{{ config(meta={'dagster': {'ref': {'name': 'mart_arr_bridge_monthly'}}}) }}

with bridge as (
    select
        month,
        segment_type,
        opening_arr,
        closing_arr,
        expansion_arr,
        churn_arr
    from {{ ref('mart_arr_bridge_monthly') }}
),

retention as (
    select
        month,
        segment_type,
        opening_accounts,
        opening_arr,
        retained_arr,
        retained_arr_capped
    from {{ ref('mart_retention_monthly') }}
),

measures as (
    select
        month,
        segment_type,
        sum(opening_arr) as measure_1,
        sum(closing_arr) as measure_2,
        sum(expansion_arr) as measure_3,
        sum(churn_arr) as measure_4,
        'bridge' as mart
    from bridge
    group by
        month,
        segment_type
    union all
    select
        month,
        segment_type,
        sum(opening_arr) as measure_1,
        sum(retained_arr) as measure_2,
        sum(retained_arr_capped) as measure_3,
        sum(opening_accounts) as measure_4,
        'retention' as mart
    from retention
    group by
        month,
        segment_type
),

totals as (
    select *
    from measures
    where segment_type = 'total'
)

select
    measures.mart,
    measures.month,
    measures.segment_type
from measures
inner join totals
    on
        measures.mart = totals.mart
        and measures.month = totals.month
where
    measures.measure_1 <> totals.measure_1
    or measures.measure_2 <> totals.measure_2
    or measures.measure_3 <> totals.measure_3
    or measures.measure_4 <> totals.measure_4
