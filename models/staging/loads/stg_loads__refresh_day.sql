-- Grain: one row for the day on which the last refresh ran, or which was given as its as-of day,
-- and its run.
with source as (
    select
        name,
        value
    from {{ source('loads', 'settings') }}
),

final as (
    select
        cast(max(case when name = 'refreshed_on' then value end) as date) as refreshed_on,
        max(case when name = 'run_id' then value end) as run_id
    from source
)

select * from final
