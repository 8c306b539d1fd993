-- Grain: one row per account in scope and day, from its read_from to the as-of date, no gaps.
-- Exact distinct users of the last 1, 7 and 28 days without counting any user-day 28 times: a
-- user is in from a day that follows 28 idle days, and out 28 days after a day that 28 idle days
-- follow. The users of a day are the ins so far less the outs so far.
{{ config(materialized='ephemeral') }}

with person_days as (
    select
        account_no,
        person_no,
        usage_date,
        events,
        is_user,
        is_reported,
        reported_users
    from {{ ref('int_product_person_days') }}
),

-- Days between a person's active days, before and after. A day that two source keys share, or that
-- is both counted and reported, appears twice: 0 days apart.
turns as (
    select
        account_no,
        usage_date,
        events,
        is_user,
        is_reported,
        reported_users,
        {{ days_between('lag(usage_date) over by_day', 'usage_date') }} as days_since,
        {{ days_between('usage_date', 'lead(usage_date) over by_day') }} as days_until
    from person_days
    window by_day as (partition by person_no order by usage_date)
),

-- Events without a user count as events and as nobody's activity.
account_days as (
    select
        account_no,
        usage_date,
        {%- if has_reported_usage() %}
        -- Single events win over a report of the same day: both count the same work.
        coalesce(
            nullif(sum(case when not is_reported then events else 0 end), 0),
            sum(case when is_reported then events else 0 end)
        ) as events,
        max(case when is_reported and not is_user then 1 else 0 end) as has_unknown_users,
        max(case when is_reported and not is_user then reported_users end) as reported_users,
        {%- else %}
        sum(events) as events,
        {%- endif %}
        {%- for window in [7, 28] %}
        count(case when is_user and coalesce(days_since, 28) >= {{ window }} then 1 end)
            as users_in_{{ window }}d,
        count(case when is_user and coalesce(days_until, 28) >= {{ window }} then 1 end)
            as users_out_{{ window }}d,
        {%- endfor %}
        count(case when is_user and coalesce(days_since, 28) > 0 then 1 end) as active_users
    from turns
    group by
        account_no,
        usage_date
),

spine as (
    select
        account_no,
        key_features_used,
        key_features_entitled,
        key_features_activated,
        seats,
        {{ day_series('valid_from', add_days('valid_to', -1)) }} as usage_date
    from {{ ref('int_product_account_spells') }}
),

joined as (
    select
        spine.account_no,
        spine.usage_date,
        spine.key_features_used,
        spine.key_features_entitled,
        spine.key_features_activated,
        spine.seats,
        {%- if has_reported_usage() %}
        account_days.reported_users,
        coalesce(account_days.has_unknown_users, 0) as has_unknown_users,
        {%- endif %}
        {%- for window in [7, 28] %}
        coalesce(account_days.users_in_{{ window }}d, 0) as users_in_{{ window }}d,
        coalesce(account_days.users_out_{{ window }}d, 0) as users_out_{{ window }}d,
        {%- endfor %}
        coalesce(account_days.events, 0) as events,
        coalesce(account_days.active_users, 0) as active_users
    from spine
    left outer join account_days
        on
            spine.account_no = account_days.account_no
            and spine.usage_date = account_days.usage_date
),

counted as (
    select
        account_no,
        usage_date,
        key_features_used,
        key_features_entitled,
        key_features_activated,
        seats,
        events,
        active_users,
        {%- for window in [7, 28] %}
        sum(users_in_{{ window }}d) over (
            partition by account_no
            order by usage_date
            rows between unbounded preceding and current row
        ) - coalesce(
            sum(users_out_{{ window }}d) over (
                partition by account_no
                order by usage_date
                rows between unbounded preceding and {{ window }} preceding
            ), 0
        ) as active_users_{{ window }}d,
        {%- endfor %}
        {%- if has_reported_usage() %}
        has_unknown_users,
        reported_users,
        {%- for window in [7, 28] %}
        max(has_unknown_users) over (
            partition by account_no
            order by usage_date
            rows between {{ window - 1 }} preceding and current row
        ) as has_unknown_users_{{ window }}d,
        {%- endfor %}
        {%- endif %}
        sum(active_users) over (
            partition by account_no
            order by usage_date
            rows between 27 preceding and current row
        ) as user_days_28d
    from joined
),

final as (
    select
        account_no,
        usage_date,
        key_features_used,
        key_features_entitled,
        key_features_activated,
        seats,
        events,
        {%- if has_reported_usage() %}
        case
            when has_unknown_users = 0 then active_users
            when active_users > 0 then greatest(active_users, reported_users)
            else reported_users
        end as active_users_1d,
        case when has_unknown_users_7d = 0 then active_users_7d end as active_users_7d,
        case when has_unknown_users_28d = 0 then active_users_28d end as active_users_28d,
        case when has_unknown_users_28d = 0 then user_days_28d end as user_days_28d
        {%- else %}
        active_users as active_users_1d,
        active_users_7d,
        active_users_28d,
        user_days_28d
        {%- endif %}
    from counted
)

select * from final
