-- Grain: one row per user.
{{ config(enabled=source_is_on('product', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'users') }}
    qualify {{ is_newest(['user_id']) }}
),

final as (
    select
        user_id,
        account_id,
        email,
        created_at,
        contact_id,
        is_active
    from newest
)

select * from final
