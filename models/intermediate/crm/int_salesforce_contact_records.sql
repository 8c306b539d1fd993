-- Grain: one row per Salesforce contact, deleted ones included.
-- A contact that was deleted or merged into another was there until the day of that.
{{ config(enabled=source_is_on('crm', 'salesforce'), materialized='view') }}

with contacts as (
    select
        contact_id,
        account_id,
        email,
        contact_role,
        left_on,
        created_at,
        updated_at,
        is_deleted
    from {{ ref('stg_salesforce__contacts') }}
),

final as (
    select
        contact_id,
        account_id,
        email,
        left_on,
        cast(created_at as date) as created_on,
        replace(replace(lower(contact_role), ' ', '_'), '-', '_') as contact_role,
        case when is_deleted then cast(updated_at as date) end as deleted_on
    from contacts
)

select * from final
