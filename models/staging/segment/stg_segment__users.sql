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
        name as user_name,
        group_id,
        created_at,
        received_at,
        lower(trim(email)) as email,
        coalesce(is_active, true) as is_active
    from newest
)

select * from final
