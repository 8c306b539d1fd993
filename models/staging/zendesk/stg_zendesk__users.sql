-- Grain: one row per Zendesk user (end user, agent or admin).
{{ config(enabled=source_is_on('support', 'zendesk')) }}

with newest as (
    select *
    from {{ source('raw_zendesk', 'user') }}
    qualify {{ is_newest(['id'], 'updated_at') }}
),

final as (
    select
        cast(id as varchar) as user_id,
        name as user_name,
        email,
        cast(organization_id as varchar) as organization_id,
        created_at,
        updated_at,
        lower(role) as user_role
    from newest
)

select * from final
