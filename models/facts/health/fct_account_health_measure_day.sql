-- Grain: one row per account, day, version of the health score and measure that was observed.
-- A view: it is asked for one day, or summed up once. A version scores the 90 days before it came
-- into force as well, so that a trend never compares two definitions.
{{ config(materialized='view') }}
{%- set measures = health_input_measures() %}
{%- set dates = health_input_dates() %}

with inputs as (
    select
        account_id,
        date_day,
        coalesce(segment, '') as segment,
        lifecycle_stage,
        {{ (dates + measures) | join(',\n        ') }}
    from {{ ref('fct_account_health_input_day') }}
),

settings as (
    select
        health_version,
        segment,
        lifecycle_stage,
        measure,
        group_name,
        group_weight,
        measure_weight,
        nominal_weight,
        zero_at,
        hundred_at,
        stale_after_days,
        learned_on,
        effective_to,
        {{ add_days('effective_from', -90) }} as scored_from
    from {{ ref('dim_health_measure') }}
),

measured as (
    select *
    from inputs
    unpivot (raw_value for measure in ({{ measures | join(', ') }}))
),

matched as (
    select
        measured.account_id,
        measured.date_day,
        settings.health_version,
        measured.measure,
        settings.group_name,
        settings.group_weight,
        settings.measure_weight,
        settings.nominal_weight,
        measured.raw_value,
        settings.zero_at,
        settings.hundred_at,
        settings.stale_after_days,
        case settings.learned_on
            {%- for column in dates %}
            when '{{ column }}' then measured.{{ column }}
            {%- endfor %}
        end as learned_on
    from measured
    inner join settings
        on
            measured.measure = settings.measure
            and measured.segment = settings.segment
            and measured.lifecycle_stage = settings.lifecycle_stage
            and measured.date_day >= settings.scored_from
            and measured.date_day < settings.effective_to
),

final as (
    select
        account_id,
        date_day,
        health_version,
        measure,
        group_name,
        group_weight,
        measure_weight,
        nominal_weight,
        raw_value,
        learned_on,
        {{ measure_points('raw_value', 'zero_at', 'hundred_at') }} as measure_score
    from matched
    where
        stale_after_days is null
        or learned_on is null
        or {{ days_between('learned_on', 'date_day') }} <= stale_after_days
)

select * from final
