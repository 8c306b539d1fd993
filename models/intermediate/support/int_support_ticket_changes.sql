-- Grain: one row per source system, ticket, moment, field and value: all we learned of a ticket.
-- The events of int_support_ticket_events, deleted tickets included, with the steps that a ticket
-- without events gives only as columns, its deletion, and when it was escalated, merged and rated.
-- account_id is as before merges. change_order keeps changes of one moment in order.
{% set ticket_columns = {
    'ticket_id': 'varchar',
    'account_key': 'varchar',
    'created_at': 'timestamp',
    'status': 'varchar',
    'priority': 'varchar',
    'is_deleted': 'boolean',
    'first_response_at': 'timestamp',
    'solved_at': 'timestamp',
    'updated_at': 'timestamp',
} %}
{% set sign_columns = {
    'ticket_id': 'varchar',
    'occurred_at': 'timestamp',
    'field_name': 'varchar',
    'field_value': 'varchar',
} %}

with tickets as (
    {{ union_systems(
        'support',
        {'zendesk': 'int_zendesk_tickets', 'files': 'int_files_tickets'},
        ticket_columns
    ) }}
),

signs as (
    {{ union_systems(
        'support',
        {'zendesk': 'int_zendesk_ticket_signs', 'files': 'int_files_ticket_signs'},
        sign_columns
    ) }}
),

events as (
    select
        source_system,
        ticket_id,
        occurred_at,
        field_name,
        field_value,
        actor_role
    from {{ ref('int_support_ticket_events') }}
),

accounts as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

told as (
    select
        source_system,
        ticket_id,
        max(case when field_name = 'status' then 1 else 0 end) as has_status,
        max(case when field_name = 'priority' then 1 else 0 end) as has_priority,
        max(case when field_name = 'status' and field_value = 'deleted' then 1 else 0 end)
            as has_deletion,
        max(case when field_name = 'public_comment' and actor_role = 'agent' then 1 else 0 end)
            as has_response
    from events
    group by
        source_system,
        ticket_id
),

known_tickets as (
    select
        tickets.source_system,
        tickets.ticket_id,
        tickets.created_at,
        tickets.status,
        tickets.priority,
        tickets.is_deleted,
        tickets.first_response_at,
        tickets.solved_at,
        tickets.updated_at,
        coalesce(accounts.account_id, 'unassigned') as account_id,
        coalesce(told.has_status, 0) as has_status,
        coalesce(told.has_priority, 0) as has_priority,
        coalesce(told.has_deletion, 0) as has_deletion,
        coalesce(told.has_response, 0) as has_response
    from tickets
    left outer join accounts
        on
            tickets.source_system = accounts.source_system
            and tickets.account_key = accounts.system_key
    left outer join told
        on
            tickets.source_system = told.source_system
            and tickets.ticket_id = told.ticket_id
),

changes as (
    select
        source_system,
        ticket_id,
        created_at as occurred_at,
        'status' as field_name,
        'new' as field_value,
        0 as change_order
    from known_tickets
    union all
    select
        source_system,
        ticket_id,
        created_at as occurred_at,
        'priority' as field_name,
        priority as field_value,
        0 as change_order
    from known_tickets
    where has_priority = 0 and priority is not null
    union all
    select
        source_system,
        ticket_id,
        coalesce(solved_at, updated_at, created_at) as occurred_at,
        'status' as field_name,
        'solved' as field_value,
        1 as change_order
    from known_tickets
    where has_status = 0 and (solved_at is not null or status in ('solved', 'closed'))
    union all
    select
        source_system,
        ticket_id,
        first_response_at as occurred_at,
        'response' as field_name,
        'agent' as field_value,
        1 as change_order
    from known_tickets
    where has_response = 0 and first_response_at is not null
    union all
    select
        source_system,
        ticket_id,
        coalesce(updated_at, created_at) as occurred_at,
        'status' as field_name,
        'deleted' as field_value,
        3 as change_order
    from known_tickets
    where is_deleted and has_deletion = 0
    union all
    select
        source_system,
        ticket_id,
        occurred_at,
        case when field_name = 'public_comment' then 'response' else field_name end as field_name,
        case when field_name = 'public_comment' then actor_role else field_value end
            as field_value,
        2 as change_order
    from events
    where field_name in ('status', 'priority') or actor_role = 'agent'
    union all
    select
        source_system,
        ticket_id,
        occurred_at,
        field_name,
        field_value,
        2 as change_order
    from signs
),

final as (
    select
        known_tickets.source_system,
        known_tickets.ticket_id,
        known_tickets.account_id,
        known_tickets.created_at,
        changes.field_name,
        changes.field_value,
        changes.change_order,
        greatest(changes.occurred_at, known_tickets.created_at) as occurred_at
    from changes
    inner join known_tickets
        on
            changes.source_system = known_tickets.source_system
            and changes.ticket_id = known_tickets.ticket_id
    where
        cast(known_tickets.created_at as date) <= {{ as_of_date() }}
        and cast(changes.occurred_at as date) <= {{ as_of_date() }}
)

select distinct * from final
