-- Grain: one row per source system, ticket, mark, moment and order in it.
-- Marks: opened, solved, reopened, breached and resolution_breached (the moment at which the target
-- for a first response, or for the solution, passed), rated_good, rated_bad. A mark counts until
-- void_on: the day on which the ticket was deleted for good or, for a breach, found to be a
-- duplicate and merged. A ticket that was restored, or opened again after a merge, counts again.
with steps as (
    select
        source_system,
        ticket_id,
        account_id,
        step_number,
        occurred_at,
        is_time_known,
        state,
        is_ending,
        is_reopening,
        is_merge
    from {{ ref('int_support_ticket_steps') }}
),

ends as (
    select
        source_system,
        ticket_id,
        max_by(account_id, step_number) as account_id,
        case
            when max_by(state, step_number) = 'deleted'
                then cast(max_by(occurred_at, step_number) as date)
        end as deleted_on,
        case
            when
                max(case when is_merge then step_number end)
                > coalesce(max(case when is_reopening then step_number end), -1)
                then cast(max(case when is_merge then occurred_at end) as date)
        end as merged_on
    from steps
    group by
        source_system,
        ticket_id
),

marks as (
    select
        source_system,
        ticket_id,
        'opened' as mark,
        step_number as mark_order,
        occurred_at
    from steps
    where step_number = 0
    union all
    select
        source_system,
        ticket_id,
        case when is_reopening then 'reopened' else 'solved' end as mark,
        step_number as mark_order,
        occurred_at
    from steps
    where is_reopening or (is_ending and is_time_known)
    union all
    select
        source_system,
        ticket_id,
        case target when 'resolution' then 'resolution_breached' else 'breached' end as mark,
        0 as mark_order,
        breached_at as occurred_at
    from {{ ref('int_support_ticket_breaches') }}
    union all
    select
        source_system,
        ticket_id,
        'rated_' || field_value as mark,
        0 as mark_order,
        occurred_at
    from {{ ref('int_support_ticket_changes') }}
    where field_name = 'satisfaction'
),

final as (
    select
        marks.source_system,
        marks.ticket_id,
        ends.account_id,
        marks.mark,
        marks.mark_order,
        marks.occurred_at,
        cast(marks.occurred_at as date) as occurred_on,
        case
            when marks.mark in ('breached', 'resolution_breached')
                then least(ends.deleted_on, ends.merged_on)
            else ends.deleted_on
        end as void_on
    from marks
    inner join ends
        on
            marks.source_system = ends.source_system
            and marks.ticket_id = ends.ticket_id
)

select * from final
