-- Grain: one row per change: ticket, field, moment, value and id of the change.
{{ config(enabled=source_is_on('support', 'zendesk')) }}

with newest as (
    select *
    from {{ source('raw_zendesk', 'ticket_field_history') }}
    qualify {{ is_newest(['ticket_id', 'field_name', 'updated', 'value', 'id']) }}
),

final as (
    select
        cast(ticket_id as varchar) as ticket_id,
        value as field_value,
        previous_value,
        updated as changed_at,
        cast(user_id as varchar) as user_id,
        cast(id as varchar) as change_id,
        _dlt_load_id as load_id,
        _source_line as source_line,
        lower(field_name) as field_name
    from newest
)

select * from final
