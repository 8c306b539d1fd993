-- Grain: one row per Zendesk organization, deleted ones included.
{{ config(enabled=source_is_on('support', 'zendesk')) }}

with newest as (
    select *
    from {{ source('raw_zendesk', 'organization') }}
    qualify {{ is_newest(['id'], 'updated_at') }}
),

final as (
    select
        cast(id as varchar) as organization_id,
        name as organization_name,
        external_id as crm_account_id,
        domain_names,
        created_at,
        updated_at,
        deleted_at is not null as is_deleted
    from newest
)

select * from final
