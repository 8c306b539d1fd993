-- Grain: one row per check: a data test, or a kind of gap in the data.
-- What a build has found is only known when it is over: these are rows of the ledger, read anew.
{{ config(materialized='view') }}

with checks as (
    select
        check_name,
        check_type,
        protects,
        description,
        severity,
        owner,
        status,
        failing_rows,
        failing_since,
        last_seen_good_at,
        last_run_at,
        remedy
    from {{ ref('int_ledger_checks') }}
)

select * from checks
