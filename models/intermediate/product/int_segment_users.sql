-- Grain: one row per Segment user, in the canonical columns of users.
{{ config(enabled=source_is_on('product', 'segment')) }}

with users as (
    select
        user_id,
        group_id,
        email,
        created_at,
        is_active
    from {{ ref('stg_segment__users') }}
),

final as (
    select
        user_id,
        group_id as account_key,
        email,
        created_at,
        is_active,
        cast(null as varchar) as contact_id
    from users
)

select * from final
