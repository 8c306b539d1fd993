-- Grain: one row per Zendesk ticket.
-- A ticket without an organization belongs to the organization of its requester. The tags say
-- whether it was escalated.
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
        satisfaction_rated_at,
        brand,
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

-- Tags as they were at the as-of date: from the ticket's history of tags where it has one.
tag_changes as (
    select
        ticket_id,
        max_by(
            ' ' || field_value || ' ',
            case when cast(changed_at as date) <= {{ as_of_date() }} then changed_at end
        ) as tag_text
    from {{ ref('stg_zendesk__ticket_field_history') }}
    where field_name = 'tags'
    group by ticket_id
),

tagged as (
    select
        tickets.ticket_id,
        lower(
            case
                when tag_changes.ticket_id is not null then coalesce(tag_changes.tag_text, '')
                else replace(tickets.tags, '"', ' ')
            end
        ) as tag_text
    from tickets
    left outer join tag_changes
        on tickets.ticket_id = tag_changes.ticket_id
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
        tickets.brand,
        cast(null as timestamp) as first_response_at,
        cast(null as timestamp) as solved_at,
        tickets.updated_at,
        coalesce(tickets.organization_id, requesters.organization_id) as account_key,
        coalesce(tagged.tag_text like '% escalated %', false) as is_escalated,
        case
            when
                coalesce(cast(tickets.satisfaction_rated_at as date) <= {{ as_of_date() }}, true)
                then tickets.satisfaction_score
        end as satisfaction
    from tickets
    left outer join requesters
        on tickets.requester_id = requesters.user_id
    left outer join tagged
        on tickets.ticket_id = tagged.ticket_id
)

select * from final
