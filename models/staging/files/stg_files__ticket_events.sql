-- Grain: one row per ticket, moment, field, value and id of the event.
{{ config(enabled=source_is_on('support', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'ticket_events') }}
    qualify {{ is_newest_there(['ticket_id', 'occurred_at', 'field', 'value', 'event_id']) }}
),

final as (
    select
        ticket_id,
        occurred_at,
        field,
        value,
        previous_value,
        actor_role,
        event_id,
        _dlt_load_id as load_id,
        _source_line as source_line
    from newest
)

select * from final
