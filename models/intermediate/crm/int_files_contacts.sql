-- Grain: one row per contact of the canonical files.
{{ config(enabled=source_is_on('crm', 'files'), materialized='view') }}

with contacts as (
    select
        contact_id,
        account_id,
        email,
        full_name,
        title,
        role,
        is_active,
        left_at,
        created_at
    from {{ ref('stg_files__contacts') }}
),

final as (
    select
        contact_id,
        account_id,
        email,
        title,
        created_at,
        full_name,
        role as contact_role,
        left_at,
        coalesce(is_active, true) as is_active
    from contacts
)

select * from final
