-- Grain: one row per source system, ticket and doubt: what its times and statuses do not tell.
-- A ticket that is solved at an unknown time counts as solved, on no day. A ticket whose newest
-- status is not the last one of its history follows the history.
with records as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        updated_at,
        status,
        source_status,
        source_solved_at,
        source_first_response_at,
        solved_at
    from {{ ref('int_support_ticket_records') }}
),

steps as (
    select
        source_system,
        ticket_id,
        max_by(state, step_number) as state,
        max_by(status, step_number) as status,
        max(case when is_ending and is_time_known then 1 else 0 end) as has_ending,
        min(case when is_ending and not is_time_known then occurred_at end) as impossible_at,
        max(step_number) as last_number
    from {{ ref('int_support_ticket_steps') }}
    group by
        source_system,
        ticket_id
),

histories as (
    select
        source_system,
        ticket_id,
        max(occurred_at) as last_at,
        min(occurred_at) as first_at
    from {{ ref('int_support_ticket_events') }}
    where field_name = 'status'
    group by
        source_system,
        ticket_id
),

known as (
    select
        records.source_system,
        records.ticket_id,
        records.account_id,
        records.created_at,
        records.updated_at,
        records.status as row_status,
        records.source_status,
        records.source_solved_at,
        records.source_first_response_at,
        records.solved_at,
        steps.state,
        steps.status,
        steps.has_ending,
        steps.impossible_at,
        histories.last_at,
        histories.first_at,
        case
            when records.status in ('solved', 'closed', 'merged') then 'ended'
            when records.status in ('deleted', 'unknown') then records.status
            else 'open'
        end as row_state,
        coalesce(cast(records.updated_at as date) <= {{ as_of_date() }}, true) as is_of_today
    from records
    inner join steps
        on
            records.source_system = steps.source_system
            and records.ticket_id = steps.ticket_id
    left outer join histories
        on
            records.source_system = histories.source_system
            and records.ticket_id = histories.ticket_id
),

final as (
    select
        source_system,
        ticket_id,
        account_id,
        'time_before_creation' as doubt,
        'Ticket ' || ticket_id || ' was created at ' || cast(created_at as varchar)
        || case
            when source_first_response_at < created_at
                then ', answered at ' || cast(source_first_response_at as varchar)
            else ''
        end
        || case
            when source_solved_at < created_at
                then ', solved at ' || cast(source_solved_at as varchar)
            when impossible_at is not null
                then ', and its history begins at ' || cast(first_at as varchar)
            else ''
        end
        || ': the earlier times are not used.' as what_is_missing,
        cast(created_at as date) as since
    from known
    where
        source_first_response_at < created_at
        or (last_at is null and source_solved_at < created_at)
        or impossible_at is not null
    union all
    select
        source_system,
        ticket_id,
        account_id,
        'solve_time_unknown' as doubt,
        'Ticket ' || ticket_id || ' is ' || status || ' and nothing says since when: it is in no '
        || 'backlog, and on no day''s solved tickets.' as what_is_missing,
        cast(created_at as date) as since
    from known
    where
        state = 'ended'
        and has_ending = 0
        and impossible_at is null
        and source_solved_at is null
    union all
    select
        source_system,
        ticket_id,
        account_id,
        'reopen_time_unknown' as doubt,
        'Ticket ' || ticket_id || ' is ' || status || ' and was solved at '
        || cast(solved_at as varchar) || ': when it was opened again is not known, and it '
        || 'counts as open from its creation on.' as what_is_missing,
        cast(solved_at as date) as since
    from known
    where last_at is null and state = 'open' and cast(solved_at as date) <= {{ as_of_date() }}
    union all
    select
        source_system,
        ticket_id,
        account_id,
        'status_differs_from_history' as doubt,
        'Ticket ' || ticket_id || ' is ''' || source_status || ''' in its row and ' || status
        || ' by its history, which ends at ' || cast(last_at as varchar)
        || ': the history counts.' as what_is_missing,
        cast(last_at as date) as since
    from known
    where
        last_at is not null
        and is_of_today
        and row_state in ('open', 'ended')
        and state in ('open', 'ended')
        and row_state <> state
)

select * from final
