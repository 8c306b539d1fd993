-- Grain: one row per source system, ticket and step of its status, from its creation on.
-- The one place that says when a ticket was open: its history of statuses first; without one the
-- status that it has today, then its dates. A ticket that is solved or closed with no (possible)
-- solve time was so at a time that nobody knows: it has no ending. A status that nobody knows is
-- neither open nor ended. account_id is as before merges of accounts.
with records as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at
    from {{ ref('int_support_ticket_records') }}
),

steps as (
    select
        source_system,
        ticket_id,
        step_number,
        occurred_at,
        status
    from {{ ref('int_support_ticket_statuses') }}
),

tagged as (
    select
        source_system,
        ticket_id,
        min(occurred_at) as merged_at
    from {{ ref('int_support_ticket_signs') }}
    where field_name = 'merged' and field_value = 'true'
    group by
        source_system,
        ticket_id
),

stated as (
    select
        steps.source_system,
        steps.ticket_id,
        records.account_id,
        records.created_at,
        steps.step_number,
        greatest(steps.occurred_at, records.created_at) as occurred_at,
        steps.occurred_at >= records.created_at as is_time_known,
        tagged.merged_at,
        steps.status = 'merged' as is_called_merged,
        case steps.status when 'merged' then 'closed' else steps.status end as status,
        case
            when steps.status in ('solved', 'closed', 'merged') then 'ended'
            when steps.status in ('deleted', 'unknown') then steps.status
            else 'open'
        end as state
    from steps
    inner join records
        on
            steps.source_system = records.source_system
            and steps.ticket_id = records.ticket_id
    left outer join tagged
        on
            steps.source_system = tagged.source_system
            and steps.ticket_id = tagged.ticket_id
),

-- Whether it was open or ended before, whatever it was called in between.
numbered as (
    select
        *,
        max(case when state in ('open', 'ended') then step_number end) over (
            partition by source_system, ticket_id
            order by step_number
            rows between unbounded preceding and 1 preceding
        ) as number_before
    from stated
),

followed as (
    select
        numbered.*,
        earlier.state as state_before
    from numbered
    left outer join stated as earlier
        on
            numbered.source_system = earlier.source_system
            and numbered.ticket_id = earlier.ticket_id
            and numbered.number_before = earlier.step_number
),

judged as (
    select
        *,
        step_number > 0 and state = 'ended' and coalesce(state_before, 'open') = 'open'
            as is_ending,
        coalesce(state = 'open' and state_before = 'ended', false) as is_reopening
    from followed
),

-- The closing by a merge: the first one from the tag on, else the last one.
ranked as (
    select
        *,
        row_number() over (
            partition by source_system, ticket_id, status
            order by
                case when occurred_at >= merged_at then step_number end nulls last,
                step_number desc
        ) as merge_rank
    from judged
),

final as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        step_number,
        occurred_at,
        is_time_known,
        status,
        state,
        is_ending,
        is_reopening,
        (
            (status = 'closed' and merged_at is not null and merge_rank = 1) or is_called_merged
        ) as is_merge
    from ranked
)

select * from final
