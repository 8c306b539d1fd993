-- Grain: one row per Zendesk ticket, moment and sign: escalated, merged, satisfaction.
-- When each was learned: the history of the tags, the time of the rating; without them the last
-- change of the ticket.
{{ config(enabled=source_is_on('support', 'zendesk'), materialized='view') }}

with tickets as (
    select
        ticket_id,
        tags,
        satisfaction_score,
        satisfaction_rated_at,
        updated_at
    from {{ ref('stg_zendesk__tickets') }}
),

tag_history as (
    select
        ticket_id,
        changed_at,
        ' ' || lower(field_value) || ' ' as tag_text
    from {{ ref('stg_zendesk__ticket_field_history') }}
    where field_name = 'tags'
),

tagged as (
    select
        ticket_id,
        changed_at,
        coalesce(tag_text, '') as tag_text
    from tag_history
    union all
    select
        tickets.ticket_id,
        tickets.updated_at as changed_at,
        lower(replace(coalesce(tickets.tags, ''), '"', ' ')) as tag_text
    from tickets
    left outer join tag_history
        on tickets.ticket_id = tag_history.ticket_id
    where tag_history.ticket_id is null
),

final as (
    select
        ticket_id,
        changed_at as occurred_at,
        'escalated' as field_name,
        case when tag_text like '% escalated %' then 'true' else 'false' end as field_value
    from tagged
    union all
    select
        ticket_id,
        changed_at as occurred_at,
        'merged' as field_name,
        case when tag_text like '% closed_by_merge %' then 'true' else 'false' end as field_value
    from tagged
    union all
    select
        ticket_id,
        coalesce(satisfaction_rated_at, updated_at) as occurred_at,
        'satisfaction' as field_name,
        satisfaction_score as field_value
    from tickets
    where satisfaction_score is not null
)

select * from final
