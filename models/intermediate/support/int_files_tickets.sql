-- Grain: one row per ticket of the canonical files.
{{ config(enabled=source_is_on('support', 'files'), materialized='view') }}

with final as (
    select
        ticket_id,
        account_id as account_key,
        created_at,
        status,
        priority,
        channel,
        category,
        brand,
        requester_id,
        coalesce(is_escalated, false) as is_escalated,
        first_response_at,
        solved_at,
        satisfaction,
        updated_at
    from {{ ref('stg_files__tickets') }}
)

select * from final
