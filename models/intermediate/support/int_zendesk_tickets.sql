-- Grain: one row per Zendesk ticket.
-- A ticket without an organization belongs to the organization of its requester.
{{ config(enabled=source_is_on('support', 'zendesk'), materialized='view') }}

with tickets as (
    select
        ticket_id,
        organization_id,
        requester_id,
        status,
        priority,
        channel,
        category,
        tags,
        satisfaction_score,
        is_deleted,
        created_at,
        updated_at
    from {{ ref('stg_zendesk__tickets') }}
),

requesters as (
    select
        user_id,
        organization_id
    from {{ ref('stg_zendesk__users') }}
),

tags as (
    select
        ticket_id,
        lower({{ json_elements('tags', '$') }}) as tag
    from tickets
),

flags as (
    select
        ticket_id,
        max(case when tag in ('escalated', 'escalation') then 1 else 0 end) = 1 as is_escalated,
        max(case when tag = 'closed_by_merge' then 1 else 0 end) = 1 as is_merged
    from tags
    group by ticket_id
),

final as (
    select
        tickets.ticket_id,
        tickets.created_at,
        tickets.status,
        tickets.priority,
        tickets.channel,
        tickets.category,
        tickets.requester_id,
        tickets.is_deleted,
        cast(null as timestamp) as first_response_at,
        cast(null as timestamp) as solved_at,
        tickets.updated_at,
        coalesce(tickets.organization_id, requesters.organization_id) as account_key,
        coalesce(flags.is_escalated, false) as is_escalated,
        coalesce(flags.is_merged, false) as is_merged,
        case
            when tickets.satisfaction_score in ('good', 'bad') then tickets.satisfaction_score
        end as satisfaction
    from tickets
    left outer join requesters
        on tickets.requester_id = requesters.user_id
    left outer join flags
        on tickets.ticket_id = flags.ticket_id
)

select * from final
