-- Grain: one row for the day on which the last refresh ran, or which was given as its as-of day.
with source as (
    select
        name,
        value
    from {{ source('loads', 'settings') }}
),

final as (
    select cast(max(case when name = 'refreshed_on' then value end) as date) as refreshed_on
    from source
)

select * from final
