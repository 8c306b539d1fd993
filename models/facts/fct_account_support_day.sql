-- Grain: one row per account and day from its first ticket to the as-of date.
-- Levels are those at the end of the day, from the history of each ticket: what was known then.
{% set marks = ['opened', 'solved', 'reopened', 'breached'] %}
{% set levels = ['backlog', 'escalated_open', 'urgent_open'] %}

with survivors as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

states as (
    select
        account_id,
        valid_from,
        valid_to,
        is_urgent,
        is_escalated
    from {{ ref('int_support_ticket_states') }}
    where is_open
),

marks as (
    select
        account_id,
        mark,
        occurred_on
    from {{ ref('int_support_ticket_marks') }}
    where mark in ('opened', 'solved', 'reopened', 'breached')
),

changes as (
    select
        account_id,
        valid_from as date_day,
        1 as backlog,
        case when is_escalated then 1 else 0 end as escalated_open,
        case when is_urgent then 1 else 0 end as urgent_open,
        null as mark
    from states
    union all
    select
        account_id,
        valid_to as date_day,
        -1 as backlog,
        case when is_escalated then -1 else 0 end as escalated_open,
        case when is_urgent then -1 else 0 end as urgent_open,
        null as mark
    from states
    where valid_to is not null
    union all
    select
        account_id,
        occurred_on as date_day,
        0 as backlog,
        0 as escalated_open,
        0 as urgent_open,
        mark
    from marks
),

daily as (
    select
        changes.date_day,
        coalesce(survivors.owner_account_id, 'unassigned') as account_id,
        {{ each_column(marks, "count_if(changes.mark = '@') as @") }},
        {{ each_column(levels, 'sum(changes.@) as @') }}
    from changes
    left outer join survivors
        on changes.account_id = survivors.account_id
    group by
        changes.date_day,
        coalesce(survivors.owner_account_id, 'unassigned')
),

first_days as (
    select
        account_id,
        min(date_day) as first_day
    from daily
    group by account_id
),

days as (
    select
        account_id,
        {{ day_series('first_day', as_of_date()) }} as date_day
    from first_days
),

final as (
    select
        cast(days.account_id as varchar) as account_id,
        days.date_day,
        {{ each_column(marks, 'cast(coalesce(daily.@, 0) as bigint) as @') }},
        {{ each_column(levels, 'cast(sum(coalesce(daily.@, 0)) over so_far as bigint) as @') }}
    from days
    left outer join daily
        on
            days.account_id = daily.account_id
            and days.date_day = daily.date_day
    window so_far as (
        partition by days.account_id
        order by days.date_day
        rows between unbounded preceding and current row
    )
)

select * from final
