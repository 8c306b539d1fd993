-- Grain: one row per change of a Zendesk ticket's status, priority or assignee, or public comment.
{{ config(enabled=source_is_on('support', 'zendesk'), materialized='view') }}

with history as (
    select
        ticket_id,
        field_name,
        field_value,
        changed_at,
        user_id
    from {{ ref('stg_zendesk__ticket_field_history') }}
    where field_name in ('status', 'priority', 'assignee', 'assignee_id')
),

comments as (
    select
        comment_id,
        ticket_id,
        author_id,
        created_at
    from {{ ref('stg_zendesk__ticket_comments') }}
    where is_public
),

users as (
    select
        user_id,
        case when user_role = 'end-user' then 'end_user' else 'agent' end as actor_role
    from {{ ref('stg_zendesk__users') }}
),

united as (
    select
        ticket_id,
        changed_at as occurred_at,
        replace(field_name, '_id', '') as field_name,
        lower(field_value) as field_value,
        user_id
    from history
    union all
    select
        ticket_id,
        created_at as occurred_at,
        'public_comment' as field_name,
        comment_id as field_value,
        author_id as user_id
    from comments
),

final as (
    select
        united.ticket_id,
        united.occurred_at,
        united.field_name,
        united.field_value,
        users.actor_role
    from united
    left outer join users
        on united.user_id = users.user_id
)

select * from final
