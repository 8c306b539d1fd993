-- Grain: one row per source system, account key, user, event name and day of reported usage.
-- Usage that a company brings counted per day instead of as single events, what is excluded too.
-- Without a user_id it tells how much was done and by how many users that day, not by whom.
{{ config(materialized='table') }}
{% set columns = {
    'account_id': 'varchar',
    'user_id': 'varchar',
    'event_name': 'varchar',
    'usage_date': 'date',
    'event_count': 'bigint',
    'active_users': 'bigint',
} %}

with united as (
    {{ union_systems('product', {'files': 'stg_files__usage_daily'}, columns) }}
),

final as (
    select
        source_system,
        account_id as account_key,
        event_name,
        usage_date,
        event_count as events,
        active_users as reported_users,
        nullif(user_id, '') as user_id
    from united
    where
        usage_date <= {{ as_of_date() }}
        and event_count > 0
)

select * from final
