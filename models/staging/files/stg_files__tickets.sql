-- Grain: one row per ticket.
{{ config(enabled=source_is_on('support', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'tickets') }}
    qualify {{ is_newest_there(['ticket_id'], 'updated_at') }}
),

final as (
    select
        ticket_id,
        account_id,
        created_at,
        status,
        priority,
        channel,
        category,
        brand,
        requester_id,
        is_escalated,
        first_response_at,
        solved_at,
        satisfaction,
        updated_at
    from newest
)

select * from final
