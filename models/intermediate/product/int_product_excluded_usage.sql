-- Grain: one row per kind of exclusion, source system, account key, user or event, and reason.
-- What is left out of every usage figure, counted: the days and events of excluded users, and the
-- deliveries of excluded events.
with users as (
    select
        user_no,
        source_system,
        account_key,
        user_id,
        reason
    from {{ ref('int_product_excluded_users') }}
),

accounts as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

excluded as (
    select
        'user' as kind,
        users.source_system,
        coalesce(users.account_key, '') as account_key,
        users.user_id as name,
        users.reason,
        sum(days.events) as events,
        min(days.usage_date) as first_on,
        max(days.usage_date) as last_on
    from users
    inner join {{ ref('int_product_user_days') }} as days
        on users.user_no = days.user_no
    where days.events > 0
    group by
        users.source_system,
        coalesce(users.account_key, ''),
        users.user_id,
        users.reason
    union all
    select
        'event' as kind,
        events.source_system,
        coalesce(events.account_key, '') as account_key,
        events.event_name as name,
        rules.reason,
        count(*) as events,
        cast(min(events.occurred_at) as date) as first_on,
        cast(max(events.occurred_at) as date) as last_on
    from {{ ref('int_product_deliveries') }} as events
    inner join {{ ref('excluded_events') }} as rules
        on events.event_name = rules.event_name
    group by
        events.source_system,
        coalesce(events.account_key, ''),
        events.event_name,
        rules.reason
),

final as (
    select
        excluded.kind,
        excluded.source_system,
        excluded.account_key,
        excluded.name,
        excluded.reason,
        coalesce(accounts.account_id, 'unassigned') as account_id,
        cast(excluded.events as bigint) as events,
        excluded.first_on,
        excluded.last_on
    from excluded
    left outer join accounts
        on
            excluded.source_system = accounts.source_system
            and excluded.account_key = accounts.system_key
)

select * from final
