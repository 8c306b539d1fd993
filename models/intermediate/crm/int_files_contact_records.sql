-- Grain: one row per contact of the canonical files.
-- One that is not active and has no day on which it left counts as gone since ever.
-- One that a whole delivery no longer has was deleted that day.
{{ config(enabled=source_is_on('crm', 'files'), materialized='view') }}

with contacts as (
    select
        contact_id,
        account_id,
        email,
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
        role as contact_role,
        cast(created_at as date) as created_on,
        cast(
            case
                when left_at is null and not is_active
                    then coalesce(created_at, cast('1900-01-01' as timestamp))
                else left_at
            end as date
        ) as left_on,
        gone_on as deleted_on
    from contacts
)

select * from final
