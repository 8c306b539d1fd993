-- Grain: one row per source system, ticket, moment, field and value: all we learned of a ticket.
-- Its steps (status), priorities, answers of agents, and when it was escalated, merged and rated,
-- deleted tickets included. account_id is as before merges. change_order keeps changes of one
-- moment in order.
with records as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        priority,
        first_response_at
    from {{ ref('int_support_ticket_records') }}
),

events as (
    select
        source_system,
        ticket_id,
        occurred_at,
        field_name,
        field_value,
        actor_role,
        event_number
    from {{ ref('int_support_ticket_events') }}
),

told as (
    select
        records.source_system,
        records.ticket_id,
        max(case when events.field_name = 'priority' then 1 else 0 end) as has_priority,
        max(
            case
                when
                    events.field_name = 'public_comment'
                    and events.actor_role = 'agent'
                    and events.occurred_at >= records.created_at
                    then 1
                else 0
            end
        ) as has_response
    from records
    left outer join events
        on
            records.source_system = events.source_system
            and records.ticket_id = events.ticket_id
    group by
        records.source_system,
        records.ticket_id
),

changes as (
    select
        source_system,
        ticket_id,
        occurred_at,
        'status' as field_name,
        status as field_value,
        step_number as change_order
    from {{ ref('int_support_ticket_steps') }}
    union all
    select
        records.source_system,
        records.ticket_id,
        records.created_at as occurred_at,
        'priority' as field_name,
        records.priority as field_value,
        0 as change_order
    from records
    inner join told
        on
            records.source_system = told.source_system
            and records.ticket_id = told.ticket_id
    where told.has_priority = 0 and records.priority is not null
    union all
    select
        records.source_system,
        records.ticket_id,
        records.first_response_at as occurred_at,
        'response' as field_name,
        'agent' as field_value,
        0 as change_order
    from records
    inner join told
        on
            records.source_system = told.source_system
            and records.ticket_id = told.ticket_id
    where told.has_response = 0 and records.first_response_at is not null
    union all
    select
        source_system,
        ticket_id,
        occurred_at,
        'priority' as field_name,
        coalesce(field_value, 'none') as field_value,
        event_number as change_order
    from events
    where field_name = 'priority'
    union all
    select
        events.source_system,
        events.ticket_id,
        events.occurred_at,
        'response' as field_name,
        'agent' as field_value,
        0 as change_order
    from events
    inner join records
        on
            events.source_system = records.source_system
            and events.ticket_id = records.ticket_id
            and events.occurred_at >= records.created_at
    where events.field_name = 'public_comment' and events.actor_role = 'agent'
    union all
    select
        source_system,
        ticket_id,
        occurred_at,
        field_name,
        field_value,
        0 as change_order
    from {{ ref('int_support_ticket_signs') }}
),

final as (
    select
        records.source_system,
        records.ticket_id,
        records.account_id,
        records.created_at,
        changes.field_name,
        changes.field_value,
        changes.change_order,
        greatest(changes.occurred_at, records.created_at) as occurred_at
    from changes
    inner join records
        on
            changes.source_system = records.source_system
            and changes.ticket_id = records.ticket_id
)

select distinct * from final
