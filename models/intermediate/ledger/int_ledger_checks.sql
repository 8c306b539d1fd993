-- Grain: one row per check that there is: how it ended last, and since when.
-- A check that the last run did not come to keeps what was found last, and is said not to have run.
{{ config(materialized='view') }}

with spells as (
    select
        check_name,
        check_type,
        protects,
        description,
        severity,
        owner,
        status,
        failing_rows,
        remedy,
        first_at,
        last_at,
        last_run_id,
        is_present
    from {{ ref('stg_ledger__check_spells') }}
),

refresh as (
    select run_id
    from {{ ref('stg_loads__refresh_day') }}
),

placed as (
    select
        *,
        row_number() over (partition by check_name order by first_at desc) as place,
        max(case when status = 'pass' then last_at end) over (
            partition by check_name
        ) as last_seen_good_at
    from spells
),

failing as (
    select
        check_name,
        min(first_at) as failing_since
    from placed
    where
        status in ('warn', 'fail')
        and coalesce(first_at >= last_seen_good_at, true)
    group by check_name
),

final as (
    select
        placed.check_name,
        placed.check_type,
        placed.protects,
        placed.description,
        placed.severity,
        placed.owner,
        case
            when placed.last_run_id = refresh.run_id then placed.status
            else 'not run'
        end as status,
        placed.failing_rows,
        failing.failing_since,
        placed.last_seen_good_at,
        placed.last_at as last_run_at,
        placed.remedy
    from placed
    cross join refresh
    left outer join failing
        on placed.check_name = failing.check_name
    where
        placed.place = 1
        and placed.is_present
)

select * from final
