-- Grain: one row per user number, event name and day of reported usage.
-- Without the events that are no use of the product (seed excluded_events). Who is excluded is left
-- out as for single events: by the join with int_product_people.
{{ config(materialized='table') }}

with reported as (
    select
        source_system,
        account_key,
        event_name,
        usage_date,
        events,
        reported_users,
        user_id
    from {{ ref('int_product_reported_usage') }}
),

user_keys as (
    select
        source_system,
        account_key,
        user_id,
        user_no
    from {{ ref('int_product_user_keys') }}
),

final as (
    select
        user_keys.user_no,
        reported.source_system,
        reported.account_key,
        reported.event_name,
        reported.usage_date,
        reported.events,
        reported.reported_users,
        reported.user_id
    from reported
    left outer join user_keys
        on
            reported.source_system = user_keys.source_system
            and reported.account_key = user_keys.account_key
            and reported.user_id is not distinct from user_keys.user_id
    where
        not exists (
            select 1
            from {{ ref('excluded_events') }} as excluded
            where reported.event_name = excluded.event_name
        )
)

select * from final
