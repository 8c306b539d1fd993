-- Grain: one row per account in scope and day, from its read_from to the as-of date, no gaps.
-- Exact distinct users of the last 1, 7 and 28 days without counting any user-day 28 times: a
-- user is in from a day that follows 28 idle days, and out 28 days after a day that 28 idle days
-- follow. The counts are the ins so far minus the outs so far.
{{ config(materialized='ephemeral') }}

with scope as (
    select
        account_id,
        build_from,
        read_from,
        is_deep
    from {{ ref('int_product_usage_scope') }}
),

keys as (
    select
        accounts.source_system,
        accounts.account_key,
        accounts.account_id,
        scope.read_from,
        scope.is_deep
    from {{ ref('int_product_accounts') }} as accounts
    inner join scope
        on accounts.account_id = scope.account_id
),

-- Recent and deep accounts apart: the first branch skips all older days, the second all other
-- accounts.
user_days as (
    select
        keys.account_id,
        days.user_id,
        days.usage_date,
        days.events,
        false as is_reported
    from {{ ref('int_product_user_days') }} as days
    inner join keys
        on
            days.source_system = keys.source_system
            and days.account_key = keys.account_key
            and days.usage_date >= keys.read_from
    where
        not keys.is_deep
        and days.usage_date >= {{ add_days(recent_usage_from(), -27) }}
        and days.events > 0
    union all
    select
        keys.account_id,
        days.user_id,
        days.usage_date,
        days.events,
        false as is_reported
    from {{ ref('int_product_user_days') }} as days
    inner join keys
        on
            days.source_system = keys.source_system
            and days.account_key = keys.account_key
            and days.usage_date >= keys.read_from
    where
        keys.is_deep
        and days.events > 0
    union all
    select
        keys.account_id,
        reported.user_id,
        reported.usage_date,
        reported.events,
        true as is_reported
    from {{ ref('int_product_reported_days') }} as reported
    inner join keys
        on
            reported.source_system = keys.source_system
            and reported.account_key = keys.account_key
            and reported.usage_date >= keys.read_from
),

-- Days between a user's active days, before and after; a day that two source keys of one account
-- share, or that is both counted and reported, appears twice: 0 days apart.
turns as (
    select
        account_id,
        user_id,
        usage_date,
        events,
        is_reported,
        {{ dbt.datediff(
            'lag(usage_date) over (partition by account_id, user_id order by usage_date)',
            'usage_date', 'day'
        ) }} as days_since,
        {{ dbt.datediff(
            'usage_date',
            'lead(usage_date) over (partition by account_id, user_id order by usage_date)', 'day'
        ) }} as days_until
    from user_days
),

-- Events without a user count as events and as nobody's activity.
account_days as (
    select
        account_id,
        usage_date,
        sum(case when not is_reported then events else 0 end) as counted_events,
        sum(case when is_reported then events else 0 end) as reported_events,
        sum(case when user_id is not null and coalesce(days_since, 1) > 0 then 1 else 0 end)
            as active_users,
        {%- for window in [7, 28] %}
        sum(
            case when user_id is not null and coalesce(days_since, 28) >= {{ window }} then 1 else 0 end
        ) as users_in_{{ window }}d,
        sum(
            case when user_id is not null and coalesce(days_until, 28) >= {{ window }} then 1 else 0 end
        ) as users_out_{{ window }}d,
        {%- endfor %}
        max(case when is_reported and user_id is null then 1 else 0 end) as has_unknown_users
    from turns
    group by
        account_id,
        usage_date
),

reported_users as (
    select
        keys.account_id,
        reported.usage_date,
        max(reported.reported_users) as reported_users
    from {{ ref('int_product_reported_days') }} as reported
    inner join keys
        on
            reported.source_system = keys.source_system
            and reported.account_key = keys.account_key
    where reported.user_id is null
    group by
        keys.account_id,
        reported.usage_date
),

spine as (
    select
        account_id,
        build_from,
        {{ day_series('read_from', as_of_date()) }} as usage_date
    from scope
),

joined as (
    select
        spine.account_id,
        spine.build_from,
        spine.usage_date,
        -- Single events win over a report of the same day: both count the same work.
        case
            when account_days.counted_events > 0 then account_days.counted_events
            else coalesce(account_days.reported_events, 0)
        end as events,
        coalesce(account_days.active_users, 0) as active_users,
        {%- for window in [7, 28] %}
        coalesce(account_days.users_in_{{ window }}d, 0) as users_in_{{ window }}d,
        coalesce(account_days.users_out_{{ window }}d, 0) as users_out_{{ window }}d,
        {%- endfor %}
        coalesce(account_days.has_unknown_users, 0) as has_unknown_users,
        reported_users.reported_users
    from spine
    left outer join account_days
        on
            spine.account_id = account_days.account_id
            and spine.usage_date = account_days.usage_date
    left outer join reported_users
        on
            spine.account_id = reported_users.account_id
            and spine.usage_date = reported_users.usage_date
),

counted as (
    select
        account_id,
        build_from,
        usage_date,
        events,
        active_users,
        has_unknown_users,
        reported_users,
        {%- for window in [7, 28] %}
        sum(users_in_{{ window }}d) over (
            partition by account_id
            order by usage_date
            rows between unbounded preceding and current row
        ) - coalesce(
            sum(users_out_{{ window }}d) over (
                partition by account_id
                order by usage_date
                rows between unbounded preceding and {{ window }} preceding
            ), 0
        ) as active_users_{{ window }}d,
        max(has_unknown_users) over (
            partition by account_id
            order by usage_date
            rows between {{ window - 1 }} preceding and current row
        ) as has_unknown_users_{{ window }}d,
        {%- endfor %}
        sum(active_users) over (
            partition by account_id
            order by usage_date
            rows between 27 preceding and current row
        ) as user_days_28d
    from joined
),

final as (
    select
        account_id,
        build_from,
        usage_date,
        events,
        case
            when has_unknown_users = 0 then active_users
            when active_users = 0 then reported_users
            else greatest(active_users, reported_users)
        end as active_users_1d,
        case when has_unknown_users_7d = 0 then active_users_7d end as active_users_7d,
        case when has_unknown_users_28d = 0 then active_users_28d end as active_users_28d,
        case when has_unknown_users_28d = 0 then user_days_28d end as user_days_28d
    from counted
)

select * from final
