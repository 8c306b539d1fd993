-- Grain: one row per event.
{{ config(enabled=source_is_on('product', 'files')) }}

with newest as (
    select *
    from {{ source('raw_files', 'events') }}
    qualify {{ is_newest(['event_id']) }}
),

final as (
    select
        event_id,
        account_id,
        user_id,
        event_name,
        occurred_at,
        received_at,
        properties
    from newest
)

select * from final
