-- Grain: one row per source system, ticket, mark and moment.
-- Marks: opened, solved, reopened, breached, rated_good, rated_bad. Breached is the moment at which
-- the target for a first response passed, under the priority that the ticket had then. A mark
-- counts until void_on: the day on which the ticket was deleted or, for a breach, found to be a
-- duplicate and merged.
with changes as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        field_name,
        field_value,
        occurred_at,
        change_order
    from {{ ref('int_support_ticket_changes') }}
),

steps as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        occurred_at,
        field_value as status,
        coalesce(
            lag(field_value) over (
                partition by source_system, ticket_id
                order by occurred_at, change_order
            ),
            'new'
        ) as previous_status
    from changes
    where field_name = 'status'
),

ends as (
    select
        source_system,
        ticket_id,
        min(case when field_name = 'response' then occurred_at end) as answered_at,
        min(
            case
                when
                    field_name = 'status' and field_value in ('solved', 'closed', 'deleted')
                    then occurred_at
            end
        ) as ended_at,
        cast(
            min(
                case
                    when field_name = 'status' and field_value = 'deleted' then occurred_at
                end
            ) as date
        ) as deleted_on,
        cast(
            min(
                case when field_name = 'merged' and field_value = 'true' then occurred_at end
            ) as date
        ) as merged_on
    from changes
    group by
        source_system,
        ticket_id
),

-- A ticket has the target of `normal` until it has a priority.
priorities as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        cast(null as varchar) as priority,
        created_at as valid_from,
        -1 as change_order
    from changes
    where field_name = 'status' and change_order = 0
    union all
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        field_value as priority,
        occurred_at as valid_from,
        change_order
    from changes
    where field_name = 'priority'
),

targets as (
    select
        source_system,
        ticket_id,
        account_id,
        valid_from,
        {{ dbt.dateadd('minute', support_target_minutes('priority'), 'created_at') }} as due_at,
        lead(valid_from) over (
            partition by source_system, ticket_id
            order by valid_from, change_order
        ) as valid_to
    from priorities
),

breaches as (
    select
        targets.source_system,
        targets.ticket_id,
        targets.account_id,
        min(greatest(targets.due_at, targets.valid_from)) as breached_at
    from targets
    inner join ends
        on
            targets.source_system = ends.source_system
            and targets.ticket_id = ends.ticket_id
    where
        (
            targets.valid_to is null
            or greatest(targets.due_at, targets.valid_from) < targets.valid_to
        )
        and greatest(targets.due_at, targets.valid_from) < coalesce(
            least(ends.answered_at, ends.ended_at), ends.answered_at, ends.ended_at,
            {{ dbt.dateadd('day', 1, as_of_date()) }}
        )
    group by
        targets.source_system,
        targets.ticket_id,
        targets.account_id
),

marks as (
    select
        source_system,
        ticket_id,
        account_id,
        'opened' as mark,
        created_at as occurred_at
    from changes
    where field_name = 'status' and change_order = 0
    union all
    select
        source_system,
        ticket_id,
        account_id,
        case when status in ('solved', 'closed') then 'solved' else 'reopened' end as mark,
        occurred_at
    from steps
    where
        (
            status in ('solved', 'closed')
            and previous_status not in ('solved', 'closed', 'deleted')
        )
        or (
            status not in ('solved', 'closed', 'deleted')
            and previous_status in ('solved', 'closed')
        )
    union all
    select
        source_system,
        ticket_id,
        account_id,
        'breached' as mark,
        breached_at as occurred_at
    from breaches
    union all
    select
        source_system,
        ticket_id,
        account_id,
        'rated_' || field_value as mark,
        occurred_at
    from changes
    where field_name = 'satisfaction'
),

final as (
    select
        marks.source_system,
        marks.ticket_id,
        marks.account_id,
        marks.mark,
        marks.occurred_at,
        cast(marks.occurred_at as date) as occurred_on,
        case
            when marks.mark = 'breached' then least(ends.deleted_on, ends.merged_on)
            else ends.deleted_on
        end as void_on
    from marks
    inner join ends
        on
            marks.source_system = ends.source_system
            and marks.ticket_id = ends.ticket_id
)

select * from final
