-- Grain: one row per contact.
{{ config(enabled=source_is_on('crm', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'contacts') }}
    qualify {{ is_newest(['contact_id'], 'updated_at') }}
),

final as (
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
    from newest
)

select * from final
