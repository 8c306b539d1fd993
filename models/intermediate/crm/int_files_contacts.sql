-- Grain: one row per contact of the canonical files.
-- A contact that is not active and says no day has left on an unknown day: its last change.
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
        created_at,
        updated_at
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
        case
            when left_at is not null then left_at
            when not is_active then coalesce(updated_at, created_at, cast('1900-01-01' as timestamp))
        end as left_at
    from contacts
)

select * from final
