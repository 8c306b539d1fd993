-- Grain: one row per change of a Zendesk ticket's status, priority or assignee, or public comment.
-- The role is the one that the actor had then; null when nobody knows. What a version of the user
-- says goes before what can be told from work. -1 is Zendesk itself.
{{ config(enabled=source_is_on('support', 'zendesk'), materialized='view') }}

with history as (
    select
        ticket_id,
        replace(field_name, '_id', '') as field_name,
        field_value,
        previous_value,
        changed_at as occurred_at,
        user_id as actor_id,
        change_id as event_id,
        load_id,
        source_line
    from {{ ref('stg_zendesk__ticket_field_history') }}
    where field_name in ('status', 'priority', 'assignee', 'assignee_id')
),

comments as (
    select
        ticket_id,
        'public_comment' as field_name,
        comment_id as field_value,
        cast(null as varchar) as previous_value,
        created_at as occurred_at,
        author_id as actor_id,
        comment_id as event_id,
        load_id,
        source_line
    from {{ ref('stg_zendesk__ticket_comments') }}
    where is_public
),

united as (
    select * from history
    union all
    select * from comments
),

roles as (
    select
        user_id,
        is_first,
        valid_from,
        valid_to,
        actor_role,
        agent_from,
        agent_until
    from {{ ref('int_zendesk_user_roles') }}
),

final as (
    select
        united.ticket_id,
        united.occurred_at,
        united.field_name,
        united.field_value,
        united.previous_value,
        case
            when united.actor_id = '-1' then 'system'
            when united.occurred_at >= roles.valid_from and roles.actor_role is not null
                then roles.actor_role
            when united.occurred_at between roles.agent_from and roles.agent_until then 'agent'
            when united.occurred_at >= roles.valid_from then roles.actor_role
            when roles.agent_from is not null then 'agent'
            else roles.actor_role
        end as actor_role,
        united.actor_id,
        united.event_id,
        united.load_id,
        united.source_line
    from united
    left outer join roles
        on
            united.actor_id = roles.user_id
            and (roles.is_first or united.occurred_at >= roles.valid_from)
            and (roles.valid_to is null or united.occurred_at < roles.valid_to)
)

select * from final
