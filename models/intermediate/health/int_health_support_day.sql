-- Grain: one row per account and day under contract: its support tickets as known at the end of it.
-- A window of n days is the n days that end with the day. Weekly means compare the last 28 days
-- with the 84 days before them; a base without tickets counts as one ticket. Null before the first
-- ticket of the whole company: nothing was recorded yet.
{% set measures = [
    'open_tickets', 'open_escalations', 'open_urgent_tickets', 'tickets_opened_28d',
    'tickets_opened_84d_before', 'breached_tickets_90d', 'reopened_tickets_90d',
] %}

with account_days as (
    select
        account_id,
        date_day,
        contract_started_on
    from {{ ref('int_health_account_days') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        valid_to
    from {{ ref('int_account_ownership') }}
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
        occurred_on,
        void_on,
        lead(occurred_on) over (
            partition by source_system, ticket_id, mark
            order by occurred_at
        ) as next_on
    from {{ ref('int_support_ticket_marks') }}
),

windows as (
    select
        'opened' as mark,
        'tickets_opened_28d' as measure,
        0 as days_from,
        28 as days_to
    union all
    select
        'opened' as mark,
        'tickets_opened_84d_before' as measure,
        28 as days_from,
        112 as days_to
    union all
    select
        'breached' as mark,
        'breached_tickets_90d' as measure,
        0 as days_from,
        90 as days_to
    union all
    select
        'reopened' as mark,
        'reopened_tickets_90d' as measure,
        0 as days_from,
        90 as days_to
),

-- A ticket that is reopened again within the window counts once.
spans as (
    select
        marks.account_id,
        windows.measure,
        1 as amount,
        {{ add_days('marks.occurred_on', 'windows.days_from') }} as valid_from,
        least(
            {{ add_days('marks.occurred_on', 'windows.days_to') }},
            coalesce(marks.next_on, cast('9999-12-31' as date)),
            coalesce(marks.void_on, cast('9999-12-31' as date))
        ) as valid_to
    from marks
    inner join windows
        on marks.mark = windows.mark
    union all
    select
        account_id,
        'open_tickets' as measure,
        1 as amount,
        valid_from,
        valid_to
    from states
    union all
    select
        account_id,
        'open_escalations' as measure,
        1 as amount,
        valid_from,
        valid_to
    from states
    where is_escalated
    union all
    select
        account_id,
        'open_urgent_tickets' as measure,
        1 as amount,
        valid_from,
        valid_to
    from states
    where is_urgent
),

{{ account_day_totals('spans', measures) }},

{{ learned_days('marks', 'occurred_on') }},

final as (
    select
        account_days.account_id,
        account_days.date_day,
        {%- for measure in measures %}
        case
            when learned_days.first_day is not null then cast(day_totals.{{ measure }} as double)
        end as {{ measure }},
        {%- endfor %}
        case
            when
                {{ days_between('account_days.contract_started_on', 'account_days.date_day') }}
                >= 112
                and {{ days_between('learned_days.first_day', 'account_days.date_day') }} >= 112
                then
                    (cast(day_totals.tickets_opened_28d as double) / 4)
                    / (greatest(day_totals.tickets_opened_84d_before, 1) / 12.0)
        end as ticket_ratio,
        learned_days.last_day as support_on
    from account_days
    inner join day_totals
        on
            account_days.account_id = day_totals.account_id
            and account_days.date_day = day_totals.date_day
    inner join learned_days
        on account_days.date_day = learned_days.date_day
)

select * from final
