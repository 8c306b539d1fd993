-- Grain: one row per Segment user.
{{ config(enabled=source_is_on('product', 'segment')) }}

with newest as (
    select *
    from {{ source('raw_segment', 'users') }}
    qualify {{ is_newest(['id'], 'received_at') }}
),

final as (
    select
        id as user_id,
        lower(trim(email)) as email,
        name as user_name,
        group_id,
        created_at,
        coalesce(is_active, true) as is_active,
        received_at
    from newest
)

select * from final
