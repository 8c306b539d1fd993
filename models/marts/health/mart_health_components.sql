-- Grain: one row per account under contract and measure of its health score, as of today.
-- What each measure is, what it gives and what it costs. Missing measures have a row too: they
-- cost nothing, and say what is not known.
with components as (
    select
        account_id,
        measure,
        group_name as "group",
        group_label,
        label,
        raw_value,
        unit,
        learned_on,
        measure_score,
        weight,
        points_lost,
        is_missing,
        sentence,
        nominal_weight,
        zero_at,
        hundred_at,
        health_version,
        as_of_date
    from {{ ref('fct_health_component') }}
)

select * from components
