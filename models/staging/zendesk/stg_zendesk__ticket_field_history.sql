-- Grain: one row per ticket, field and moment of change.
{{ config(enabled=source_is_on('support', 'zendesk')) }}

with newest as (
    select *
    from {{ source('raw_zendesk', 'ticket_field_history') }}
    qualify {{ is_newest(['ticket_id', 'field_name', 'updated']) }}
),

final as (
    select
        cast(ticket_id as varchar) as ticket_id,
        value as field_value,
        updated as changed_at,
        cast(user_id as varchar) as user_id,
        lower(field_name) as field_name
    from newest
)

select * from final
