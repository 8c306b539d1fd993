-- Grain: one row per check: a data test, or a kind of gap in the data, and how it ended last.
-- A view: what a build has found is only known when it is over, and is read anew then.
{{ config(materialized='view') }}

with checks as (
    select
        check_name as test,
        check_type,
        protects,
        description,
        status,
        failing_rows,
        failing_since,
        last_seen_good_at,
        last_run_at,
        severity,
        owner,
        remedy
    from {{ ref('fct_check') }}
),

final as (
    select
        *,
        {{ as_of_date() }} as as_of_date
    from checks
)

select * from final
