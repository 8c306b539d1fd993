-- Grain: one row per contact of the canonical files.
-- A contact that a whole delivery no longer has left that day.
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
        gone_on
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
        coalesce(left_at, cast(gone_on as timestamp)) as left_at,
        coalesce(is_active, true) and gone_on is null as is_active
    from contacts
)

select * from final
