-- Grain: one row per ticket, moment and field of the canonical files.
{{ config(enabled=source_is_on('support', 'files'), materialized='view') }}

with final as (
    select
        ticket_id,
        occurred_at,
        field as field_name,
        case when field = 'public_comment' then value else lower(value) end as field_value,
        actor_role
    from {{ ref('stg_files__ticket_events') }}
)

select * from final
