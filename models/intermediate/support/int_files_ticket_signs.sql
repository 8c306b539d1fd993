-- Grain: one row per ticket of the canonical files and sign: escalated, satisfaction.
-- The files do not say when a ticket was escalated (it counts from its creation), nor when it was
-- rated (at its solution, else at its last change).
{{ config(enabled=source_is_on('support', 'files'), materialized='view') }}

with tickets as (
    select
        ticket_id,
        created_at,
        solved_at,
        updated_at,
        is_escalated,
        satisfaction
    from {{ ref('stg_files__tickets') }}
),

final as (
    select
        ticket_id,
        created_at as occurred_at,
        'escalated' as field_name,
        'true' as field_value
    from tickets
    where is_escalated
    union all
    select
        ticket_id,
        coalesce(solved_at, updated_at, created_at) as occurred_at,
        'satisfaction' as field_name,
        satisfaction as field_value
    from tickets
    where satisfaction is not null
)

select * from final
