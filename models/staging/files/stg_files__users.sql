-- Grain: one row per user.
{{ config(enabled=source_is_on('product', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'users') }}
    qualify {{ is_newest(['user_id'], none, can_go=true) }}
),

deliveries as (
    {{ files_delivery_days('users') }}
),

final as (
    select
        newest.user_id,
        newest.account_id,
        newest.email,
        newest.created_at,
        newest.contact_id,
        newest.is_active,
        deliveries.delivered_on as gone_on
    from newest
    left outer join deliveries
        on newest._gone_load_id = deliveries.load_id
)

select * from final
