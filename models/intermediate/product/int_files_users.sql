-- Grain: one row per user of the canonical files, in the canonical columns of users.
{{ config(enabled=source_is_on('product', 'files')) }}

with users as (
    select
        user_id,
        account_id,
        email,
        created_at,
        is_active,
        contact_id
    from {{ ref('stg_files__users') }}
),

final as (
    select
        user_id,
        account_id as account_key,
        lower(trim(email)) as email,
        created_at,
        coalesce(is_active, true) as is_active,
        contact_id
    from users
)

select * from final
