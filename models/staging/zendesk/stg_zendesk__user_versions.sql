-- Grain: one row per Zendesk user and version of it that was ever loaded.
{{ config(enabled=source_is_on('support', 'zendesk')) }}

with newest as (
    select *
    from {{ source('raw_zendesk', 'user') }}
    qualify {{ is_newest(['id', 'updated_at']) }}
),

final as (
    select
        cast(id as varchar) as user_id,
        updated_at,
        role as user_role
    from newest
)

select * from final
