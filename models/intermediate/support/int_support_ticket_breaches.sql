-- Grain: one row per source system, ticket and target that it missed by the end of the as-of date.
-- Targets: first_response and resolution, by the priority that the ticket had at each moment. A
-- ticket misses a target at the first moment at which it is open and the target has passed; for
-- a first response only until it was answered.
with steps as (
    select
        source_system,
        ticket_id,
        created_at,
        state,
        occurred_at as valid_from,
        coalesce(
            lead(occurred_at) over (
                partition by source_system, ticket_id
                order by step_number
            ),
            {{ dbt.dateadd('day', 1, as_of_date()) }}
        ) as valid_to
    from {{ ref('int_support_ticket_steps') }}
),

changes as (
    select
        source_system,
        ticket_id,
        created_at,
        field_name,
        field_value,
        occurred_at,
        change_order
    from {{ ref('int_support_ticket_changes') }}
),

answers as (
    select
        source_system,
        ticket_id,
        min(occurred_at) as answered_at
    from changes
    where field_name = 'response'
    group by
        source_system,
        ticket_id
),

-- A ticket has the target of `normal` until it has a priority.
priorities as (
    select
        source_system,
        ticket_id,
        cast(null as varchar) as priority,
        created_at as valid_from,
        -1 as change_order
    from changes
    where field_name = 'status' and change_order = 0
    union all
    select
        source_system,
        ticket_id,
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
        valid_from,
        {{ support_target_minutes('priority') }} as response_minutes,
        {{ support_target_minutes('priority', 'support_resolution_minutes') }}
            as resolution_minutes,
        coalesce(
            lead(valid_from) over (
                partition by source_system, ticket_id
                order by valid_from, change_order
            ),
            {{ dbt.dateadd('day', 1, as_of_date()) }}
        ) as valid_to
    from priorities
),

waits as (
    select
        steps.source_system,
        steps.ticket_id,
        'first_response' as target,
        greatest(steps.valid_from, targets.valid_from) as waits_from,
        least(
            steps.valid_to, targets.valid_to, coalesce(answers.answered_at, steps.valid_to)
        ) as waits_until,
        {{ dbt.dateadd('minute', 'targets.response_minutes', 'steps.created_at') }} as due_at
    from steps
    inner join targets
        on
            steps.source_system = targets.source_system
            and steps.ticket_id = targets.ticket_id
    left outer join answers
        on
            steps.source_system = answers.source_system
            and steps.ticket_id = answers.ticket_id
    where steps.state = 'open'
    union all
    select
        steps.source_system,
        steps.ticket_id,
        'resolution' as target,
        greatest(steps.valid_from, targets.valid_from) as waits_from,
        least(steps.valid_to, targets.valid_to) as waits_until,
        {{ dbt.dateadd('minute', 'targets.resolution_minutes', 'steps.created_at') }} as due_at
    from steps
    inner join targets
        on
            steps.source_system = targets.source_system
            and steps.ticket_id = targets.ticket_id
    where steps.state = 'open'
),

final as (
    select
        source_system,
        ticket_id,
        target,
        min(greatest(due_at, waits_from)) as breached_at
    from waits
    where due_at is not null and greatest(due_at, waits_from) < waits_until
    group by
        source_system,
        ticket_id,
        target
)

select * from final
