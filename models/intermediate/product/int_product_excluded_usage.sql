-- Grain: one row per kind of exclusion, source system, account key, user or event, and reason.
-- What is left out of every usage figure, counted: the days and events of excluded users, and the
-- deliveries of excluded events, single ones and those reported per day.
with users as (
    select
        user_no,
        reason
    from {{ ref('int_product_excluded_users') }}
),

rules as (
    select
        event_name,
        reason
    from {{ ref('excluded_events') }}
),

accounts as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

-- Single events win over a report of the same day: both count the same work.
user_days as (
    select
        counted.user_no,
        counted.usage_date,
        counted.events
    from {{ ref('int_product_user_days') }} as counted
    inner join users
        on counted.user_no = users.user_no
    where counted.events > 0
    union all
    select
        reported.user_no,
        reported.usage_date,
        reported.events
    from {{ ref('int_product_reported_days') }} as reported
    inner join users
        on reported.user_no = users.user_no
    left outer join {{ ref('int_product_user_days') }} as counted
        on
            reported.user_no = counted.user_no
            and reported.usage_date = counted.usage_date
            and counted.events > 0
    where counted.user_no is null
),

events as (
    select
        source_system,
        coalesce(account_key, '') as account_key,
        event_name,
        cast(occurred_at as date) as usage_date,
        1 as events
    from {{ ref('int_product_deliveries') }}
    union all
    select
        source_system,
        account_key,
        event_name,
        usage_date,
        events
    from {{ ref('int_product_reported_usage') }}
),

excluded as (
    select
        'user' as kind,
        spells.source_system,
        spells.account_key,
        spells.user_id as name,
        users.reason,
        sum(user_days.events) as events,
        min(user_days.usage_date) as first_on,
        max(user_days.usage_date) as last_on
    from user_days
    inner join users
        on user_days.user_no = users.user_no
    inner join {{ ref('int_product_user_spells') }} as spells
        on
            user_days.user_no = spells.user_no
            and user_days.usage_date >= spells.valid_from
            and user_days.usage_date < spells.valid_to
    group by
        spells.source_system,
        spells.account_key,
        spells.user_id,
        users.reason
    union all
    select
        'event' as kind,
        events.source_system,
        events.account_key,
        events.event_name as name,
        rules.reason,
        sum(events.events) as events,
        min(events.usage_date) as first_on,
        max(events.usage_date) as last_on
    from events
    inner join rules
        on events.event_name = rules.event_name
    group by
        events.source_system,
        events.account_key,
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
