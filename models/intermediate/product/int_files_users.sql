-- Grain: one row per user of the canonical files, in the canonical columns of users.
-- A user that a whole delivery no longer has is not active any more.
{{ config(enabled=source_is_on('product', 'files')) }}

with users as (
    select
        user_id,
        account_id,
        email,
        created_at,
        is_active,
        contact_id,
        gone_on
    from {{ ref('stg_files__users') }}
),

final as (
    select
        user_id,
        account_id as account_key,
        lower(trim(email)) as email,
        created_at,
        coalesce(is_active, true) and gone_on is null as is_active,
        contact_id
    from users
)

select * from final
