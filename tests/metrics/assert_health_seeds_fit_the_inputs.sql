-- Each measure of the health score is a column of the inputs, its learned_on a date column there,
-- its scale has two ends, its group has a weight, and the bands of its version reach 100.
{{ config(meta={'dagster': {'ref': {'name': 'dim_health_measure'}}}) }}
-- depends_on: {{ ref('fct_account_health_input_day') }}

with measures as (
    select
        health_version,
        measure,
        group_name,
        learned_on,
        zero_at,
        hundred_at
    from {{ ref('health_measures') }}
),

groups as (
    select
        health_version,
        group_name
    from {{ ref('health_groups') }}
),

highest_bands as (
    select
        health_version,
        max(up_to) as highest
    from {{ ref('health_bands') }}
    group by health_version
),

resolved as (
    select distinct measure
    from {{ ref('dim_health_measure') }}
)

select
    measures.health_version,
    measures.measure,
    'not a number in the contract of fct_account_health_input_day' as fault
from measures
where
    measures.measure not in (
        {%- for name in health_input_measures() %}
        '{{ name }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )
union all
select
    measures.health_version,
    measures.measure,
    'learned_on ' || measures.learned_on || ' is not a date there' as fault
from measures
where
    measures.learned_on not in (
        {%- for name in health_input_dates() %}
        '{{ name }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )
union all
select
    measures.health_version,
    measures.measure,
    'zero_at and hundred_at are the same' as fault
from measures
where measures.zero_at = measures.hundred_at
union all
select
    measures.health_version,
    measures.measure,
    'group ' || measures.group_name || ' is not in health_groups' as fault
from measures
left outer join groups
    on
        measures.health_version = groups.health_version
        and measures.group_name = groups.group_name
where groups.group_name is null
union all
select
    measures.health_version,
    measures.measure,
    'the bands of its version do not reach 100' as fault
from measures
left outer join highest_bands
    on measures.health_version = highest_bands.health_version
where coalesce(highest_bands.highest, 0) < 100
union all
select
    null as health_version,
    resolved.measure,
    'is scored and is not in the seed' as fault
from resolved
left outer join measures
    on resolved.measure = measures.measure
where measures.measure is null
