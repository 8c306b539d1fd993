-- Grain: one row per source system, ticket, moment, field and value, up to the as-of date.
{% set columns = {
    'ticket_id': 'varchar',
    'occurred_at': 'timestamp',
    'field_name': 'varchar',
    'field_value': 'varchar',
    'actor_role': 'varchar',
} %}

with united as (
    {{ union_systems(
        'support',
        {'zendesk': 'int_zendesk_ticket_events', 'files': 'int_files_ticket_events'},
        columns
    ) }}
),

final as (
    select
        source_system,
        ticket_id,
        occurred_at,
        field_name,
        field_value,
        actor_role
    from united
    where cast(occurred_at as date) <= {{ as_of_date() }}
)

select * from final
