-- Grain: one row per month that was closed by the as-of date.
-- A month that is closed from later figures than those of the as-of date is open on it.
with closes as (
    select
        close_month,
        as_of_date,
        closed_at,
        closed_by,
        run_id,
        definition_version,
        content_hash
    from {{ ref('stg_ledger__closes') }}
),

final as (
    select *
    from closes
    where as_of_date <= {{ as_of_date() }}
)

select * from final
