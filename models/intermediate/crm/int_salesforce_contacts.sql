-- Grain: one row per Salesforce contact that is not deleted.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with contacts as (
    select
        contact_id,
        account_id,
        first_name,
        last_name,
        email,
        title,
        contact_role,
        left_on,
        is_deleted,
        created_at
    from {{ ref('stg_salesforce__contacts') }}
),

final as (
    select
        contact_id,
        account_id,
        true as is_active,
        email,
        title,
        created_at,
        cast(left_on as timestamp) as left_at,
        nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name,
        replace(replace(lower(contact_role), ' ', '_'), '-', '_') as contact_role
    from contacts
    where not is_deleted
)

select * from final
