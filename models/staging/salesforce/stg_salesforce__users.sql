-- Grain: one row per Salesforce user (CSMs and sellers).
{{ config(enabled=source_is_on('crm', 'salesforce')) }}

with newest as (
    select *
    from {{ source('raw_salesforce', 'user') }}
    qualify {{ is_newest(['id'], 'system_modstamp') }}
),

final as (
    select
        id as user_id,
        name as user_name,
        email,
        manager_id,
        system_modstamp as updated_at,
        is_active
    from newest
)

select * from final
