-- Grain: one row per account and day, from its first known use to the as-of date.
-- Usage as it was known at the end of the day: an event counts from the day it happened or arrived,
-- whichever is later, and a contract from the day it was recorded. Seats, key features, contracts
-- and merges are those of the day. Logins are days of activity of single users: a login per user
-- and day, which every product has, whether or not it sends an event for it.
with phases as (
    select
        phase_no,
        account_id,
        phase_from,
        least(phase_to, {{ add_days(as_of_date(), 1) }}) as phase_to
    from {{ ref('int_health_usage_sources') }}
    group by
        phase_no,
        account_id,
        phase_from,
        phase_to
),

event_changes as (
    select
        phase_no,
        date_day,
        events,
        events_before,
        first_use,
        last_use
    from {{ ref('int_health_usage_event_changes') }}
),

starts as (
    select
        phases.phase_no,
        phases.account_id,
        phases.phase_from,
        phases.phase_to,
        min(event_changes.date_day) as first_day
    from phases
    inner join event_changes
        on phases.phase_no = event_changes.phase_no
    group by
        phases.phase_no,
        phases.account_id,
        phases.phase_from,
        phases.phase_to
),

{% set columns = [
    'events', 'events_before', 'active_users', 'user_days', 'seats', 'entitled', 'activated',
    'champions_named', 'champions_active', 'unknown_users',
] -%}
{% set inputs = {
    'int_health_usage_user_changes': ['active_users', 'user_days'],
    'int_health_usage_contract_changes': ['seats', 'entitled', 'activated'],
    'int_health_champion_changes': ['champions_named', 'champions_active'],
    'int_health_unknown_user_changes': ['unknown_users'],
} -%}
changes as (
    select
        phase_no,
        {%- for column in columns %}
        {{ column if column in ['events', 'events_before'] else '0 as ' ~ column }},
        {%- endfor %}
        first_use,
        last_use,
        date_day
    from event_changes
    {%- for model, given in inputs.items() %}
    union all
    select
        phase_no,
        {%- for column in columns %}
        {{ column if column in given else '0 as ' ~ column }},
        {%- endfor %}
        cast(null as date) as first_use,
        cast(null as date) as last_use,
        date_day
    from {{ ref(model) }}
    {%- endfor %}
),

-- What held before the first day is there on the first day. Totals of doubles are the fastest, and
-- exact for counts.
days as (
    select
        starts.phase_no,
        greatest(changes.date_day, starts.first_day) as date_day,
        {%- for column in columns %}
        cast(sum(changes.{{ column }}) as double) as {{ column }},
        {%- endfor %}
        min(changes.first_use) as first_use,
        max(changes.last_use) as last_use
    from changes
    inner join starts
        on changes.phase_no = starts.phase_no
    where changes.date_day < starts.phase_to
    group by
        starts.phase_no,
        greatest(changes.date_day, starts.first_day)
),

running as (
    select
        phase_no,
        date_day,
        lead(date_day) over so_far as next_day,
        {%- for column in columns %}
        sum({{ column }}) over so_far as {{ column }},
        {%- endfor %}
        min(first_use) over so_far as first_use,
        max(last_use) over so_far as last_use
    from days
    window so_far as (partition by phase_no order by date_day)
),

spells as (
    select
        starts.account_id,
        running.first_use,
        running.last_use,
        {%- for column in columns %}
        running.{{ column }},
        {%- endfor %}
        greatest(running.date_day, starts.phase_from) as first_day,
        coalesce(running.next_day, starts.phase_to) as next_day
    from running
    inner join starts
        on running.phase_no = starts.phase_no
),

spine as (
    select
        account_id,
        first_use,
        last_use,
        {%- for column in columns %}
        {{ 'round(seats, 4) as seats' if column == 'seats' else column }},
        {%- endfor %}
        {{ day_series('first_day', add_days('next_day', -1)) }} as date_day
    from spells
    where first_day < next_day
),

feed_days as (
    select
        date_day,
        usage_on
    from {{ ref('int_health_usage_feed_days') }}
),

final as (
    select
        spine.account_id,
        spine.date_day,
        case when spine.unknown_users = 0 then cast(spine.active_users as bigint) end
            as active_users_28d,
        spine.seats,
        case when spine.unknown_users = 0 then cast(spine.active_users as double) end
        / nullif(spine.seats, 0) as seat_utilisation,
        cast(spine.activated as bigint) as key_features_activated_28d,
        cast(spine.entitled as bigint) as key_features_entitled,
        cast(spine.activated as double) / nullif(spine.entitled, 0) as key_feature_activation,
        cast(spine.events as bigint) as events_28d,
        case
            when
                spine.events_before >= {{ var('usage_drop_minimum_events') }}
                and {{ days_between('spine.first_use', 'spine.date_day') }} >= 111
                then cast(spine.events as double) / 4 / (spine.events_before / 12.0)
        end as usage_ratio,
        case
            when spine.unknown_users = 0
                then cast(spine.user_days as double) / 28 / nullif(spine.active_users, 0)
        end as stickiness_28d,
        case when spine.unknown_users = 0 then cast(spine.user_days as bigint) end as logins_28d,
        cast({{ days_between('spine.last_use', 'spine.date_day') }} as bigint)
            as days_since_last_use,
        case
            when spine.unknown_users = 0
                then cast(spine.champions_active as double) / nullif(spine.champions_named, 0)
        end as champion_login_share,
        feed_days.usage_on
    from spine
    inner join feed_days
        on spine.date_day = feed_days.date_day
)

select * from final
