-- Grain: one row per Zendesk ticket as it is now, deleted ones included.
{{ config(enabled=source_is_on('support', 'zendesk')) }}

with newest as (
    select *
    from {{ source('raw_zendesk', 'ticket') }}
    qualify {{ is_newest(['id'], 'updated_at') }}
),

final as (
    select
        cast(id as varchar) as ticket_id,
        cast(organization_id as varchar) as organization_id,
        cast(requester_id as varchar) as requester_id,
        cast(assignee_id as varchar) as assignee_id,
        status,
        priority,
        cast(brand_id as varchar) as brand,
        type as ticket_type,
        subject,
        via_channel as channel,
        category,
        tags,
        {{ json_text('satisfaction_rating', '$.score') }} as satisfaction_score,
        cast({{ json_text('satisfaction_rating', '$.updated_at') }} as timestamp)
            as satisfaction_rated_at,
        created_at,
        updated_at
    from newest
)

select * from final
