-- Grain: one row per source system and ticket, as it was at the end of the as-of date.
-- Status and priority come from the ticket's events where it has any. Deleted tickets are not
-- there; tickets that were merged into others are, flagged.
{% set columns = {
    'ticket_id': 'varchar',
    'account_key': 'varchar',
    'created_at': 'timestamp',
    'status': 'varchar',
    'priority': 'varchar',
    'channel': 'varchar',
    'category': 'varchar',
    'requester_id': 'varchar',
    'is_escalated': 'boolean',
    'is_merged': 'boolean',
    'is_deleted': 'boolean',
    'first_response_at': 'timestamp',
    'solved_at': 'timestamp',
    'satisfaction': 'varchar',
    'updated_at': 'timestamp',
} %}

with united as (
    {{ union_systems(
        'support',
        {'zendesk': 'int_zendesk_tickets', 'files': 'int_files_tickets'},
        columns
    ) }}
),

last_values as (
    select
        source_system,
        ticket_id,
        max_by(field_value, case when field_name = 'status' then occurred_at end) as status,
        max_by(field_value, case when field_name = 'priority' then occurred_at end) as priority
    from {{ ref('int_support_ticket_events') }}
    group by
        source_system,
        ticket_id
),

accounts as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

owners as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

as_it_was as (
    select
        united.source_system,
        united.ticket_id,
        united.created_at,
        united.channel,
        united.category,
        united.requester_id,
        united.is_escalated,
        united.is_merged,
        united.satisfaction,
        coalesce(owners.owner_account_id, 'unassigned') as account_id,
        case
            when last_values.status is not null then last_values.status
            -- Without events a later solution is undone by its own date.
            when cast(united.solved_at as date) > {{ as_of_date() }} then 'open'
            else united.status
        end as status,
        coalesce(last_values.priority, united.priority) as priority,
        case
            when cast(united.first_response_at as date) <= {{ as_of_date() }}
                then united.first_response_at
        end as first_response_at,
        case
            when cast(united.solved_at as date) <= {{ as_of_date() }} then united.solved_at
        end as solved_at,
        (
            united.is_deleted
            and coalesce(cast(united.updated_at as date) <= {{ as_of_date() }}, true)
        ) as is_deleted
    from united
    left outer join last_values
        on
            united.source_system = last_values.source_system
            and united.ticket_id = last_values.ticket_id
    left outer join accounts
        on
            united.source_system = accounts.source_system
            and united.account_key = accounts.system_key
    left outer join owners
        on accounts.account_id = owners.account_id
    where cast(united.created_at as date) <= {{ as_of_date() }}
),

final as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        status,
        priority,
        channel,
        category,
        requester_id,
        is_escalated,
        is_merged,
        first_response_at,
        solved_at,
        satisfaction
    from as_it_was
    where not is_deleted and status <> 'deleted'
)

select * from final
