-- Grain: one row per ticket, moment and field.
{{ config(enabled=source_is_on('support', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'ticket_events') }}
    qualify {{ is_newest_there(['ticket_id', 'occurred_at', 'field']) }}
),

final as (
    select
        ticket_id,
        occurred_at,
        field,
        value,
        actor_role
    from newest
)

select * from final
