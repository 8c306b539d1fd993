-- Grain: one row per account, day, event name and user.
{{ config(enabled=source_is_on('product', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'usage_daily') }}
    qualify {{ is_newest(['account_id', 'usage_date', 'event_name', 'user_id']) }}
),

final as (
    select
        account_id,
        usage_date,
        event_name,
        event_count,
        active_users,
        user_id
    from newest
)

select * from final
