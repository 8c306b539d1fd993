-- Grain: one row per account and day from its first ticket to the as-of date.
-- Levels are those at the end of the day, from the history of each ticket: what was known then.
-- From the day of a merge of accounts on the tickets are the survivor's. A ticket whose status
-- nobody knows is in no backlog.
{% set marks = ['opened', 'solved', 'reopened', 'breached', 'resolution_breached'] %}
{% set levels = ['backlog', 'escalated_open', 'urgent_open'] %}

with ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_account_ownership') }}
    union all
    select
        'unassigned' as account_id,
        'unassigned' as owner_account_id,
        cast('1900-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to
),

states as (
    select
        account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        is_urgent,
        is_escalated
    from {{ ref('int_support_ticket_states') }}
    where is_open
),

owned as (
    select
        ownership.owner_account_id as account_id,
        greatest(states.valid_from, ownership.valid_from) as valid_from,
        least(states.valid_to, ownership.valid_to) as valid_to,
        states.is_urgent,
        states.is_escalated
    from states
    inner join ownership
        on
            states.account_id = ownership.account_id
            and states.valid_from < ownership.valid_to
            and states.valid_to > ownership.valid_from
),

marks as (
    select
        ownership.owner_account_id as account_id,
        marks.mark,
        marks.occurred_on
    from {{ ref('int_support_ticket_marks') }} as marks
    inner join ownership
        on
            marks.account_id = ownership.account_id
            and marks.occurred_on >= ownership.valid_from
            and marks.occurred_on < ownership.valid_to
    where marks.mark not in ('rated_good', 'rated_bad')
),

changes as (
    select
        account_id,
        valid_from as date_day,
        1 as backlog,
        case when is_escalated then 1 else 0 end as escalated_open,
        case when is_urgent then 1 else 0 end as urgent_open,
        null as mark
    from owned
    union all
    select
        account_id,
        valid_to as date_day,
        -1 as backlog,
        case when is_escalated then -1 else 0 end as escalated_open,
        case when is_urgent then -1 else 0 end as urgent_open,
        null as mark
    from owned
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
        date_day,
        account_id,
        {{ each_column(marks, "coalesce(count_if(mark = '@'), 0) as @") }},
        {{ each_column(levels, 'sum(@) as @') }}
    from changes
    group by
        date_day,
        account_id
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
