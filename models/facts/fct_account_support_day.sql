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
        {{ each_column(marks, "coalesce(count_if(changes.mark = '@'), 0) as @") }},
        {{ each_column(levels, 'sum(changes.@) as @') }}
    from changes
    left outer join survivors
        on changes.account_id = survivors.account_id
    group by
        changes.date_day,
        coalesce(survivors.owner_account_id, 'unassigned')
),

running as (
    select
        account_id,
        date_day as changed_on,
        coalesce({{ add_days('lead(date_day) over so_far', -1) }}, {{ as_of_date() }}) as last_day,
        {{ each_column(marks, '@') }},
        {{ each_column(levels, 'sum(@) over so_far as @') }}
    from daily
    where date_day <= {{ as_of_date() }}
    window so_far as (partition by account_id order by date_day)
),

days as (
    select
        account_id,
        changed_on,
        {{ each_column(marks + levels, '@') }},
        {{ day_series('changed_on', 'last_day') }} as date_day
    from running
),

-- A level holds until the next change; what was opened or solved counts on its day only.
final as (
    select
        cast(account_id as varchar) as account_id,
        date_day,
        {{ each_column(
            marks, 'cast(case when date_day = changed_on then @ else 0 end as bigint) as @'
        ) }},
        {{ each_column(levels, 'cast(@ as bigint) as @') }}
    from days
)

select * from final
