-- Grain: one row per source system, ticket and day from which a state of the ticket holds.
-- The state at the end of the day, [valid_from, valid_to): whether it is open, urgent, escalated.
-- Solved, closed and deleted tickets are not open; of one with an unknown status nobody knows.
with changes as (
    select
        source_system,
        ticket_id,
        account_id,
        field_name,
        field_value,
        occurred_at,
        cast(occurred_at as date) as date_day,
        row_number() over (
            partition by source_system, ticket_id, field_name, cast(occurred_at as date)
            order by occurred_at desc, change_order desc, field_value desc
        ) as number_from_last
    from {{ ref('int_support_ticket_changes') }}
    where field_name in ('status', 'priority', 'escalated')
),

days as (
    select
        source_system,
        ticket_id,
        account_id,
        date_day,
        max(case when field_name = 'status' then field_value end) as status,
        max(case when field_name = 'priority' then field_value end) as priority,
        max(case when field_name = 'escalated' then field_value end) as escalated
    from changes
    where number_from_last = 1
    group by
        source_system,
        ticket_id,
        account_id,
        date_day
),

-- A day without a change of a field belongs to the last day with one.
numbered as (
    select
        source_system,
        ticket_id,
        account_id,
        date_day,
        status,
        priority,
        escalated,
        {%- for field in ['status', 'priority', 'escalated'] %}
        count({{ field }}) over (
            partition by source_system, ticket_id
            order by date_day
            rows between unbounded preceding and current row
        ) as {{ field }}_number,
        {%- endfor %}
        lead(date_day) over (
            partition by source_system, ticket_id
            order by date_day
        ) as next_day
    from days
),

carried as (
    select
        source_system,
        ticket_id,
        account_id,
        date_day,
        next_day,
        {{ each_column(
            ['status', 'priority', 'escalated'],
            'max(@) over (partition by source_system, ticket_id, @_number) as @'
        ) }}
    from numbered
),

final as (
    select
        source_system,
        ticket_id,
        account_id,
        date_day as valid_from,
        next_day as valid_to,
        status,
        priority,
        case when status <> 'unknown' then status not in ('solved', 'closed', 'deleted') end
            as is_open,
        coalesce(priority = 'urgent', false) as is_urgent,
        coalesce(escalated = 'true', false) as is_escalated
    from carried
)

select * from final
