-- Grain: one row per source system and ticket, as it was at the end of the as-of date.
-- Status from the last step of the ticket, priority from its events where it has any. Deleted
-- tickets are not there; tickets that were merged into others, and not opened again, are flagged.
with records as (
    select
        source_system,
        ticket_id,
        account_id,
        created_at,
        channel,
        category,
        brand,
        requester_id,
        is_escalated,
        priority,
        source_status,
        satisfaction,
        first_response_at,
        solved_at
    from {{ ref('int_support_ticket_records') }}
),

last_steps as (
    select
        source_system,
        ticket_id,
        max_by(status, step_number) as status,
        max_by(state, step_number) as state,
        max_by(
            is_merge, case when is_ending or is_merge or is_reopening then step_number end
        ) as was_merged
    from {{ ref('int_support_ticket_steps') }}
    group by
        source_system,
        ticket_id
),

last_priorities as (
    select
        source_system,
        ticket_id,
        field_value as priority
    from {{ ref('int_support_ticket_events') }}
    where field_name = 'priority'
    qualify row_number() over (
        partition by source_system, ticket_id
        order by event_number desc
    ) = 1
),

owners as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

final as (
    select
        records.source_system,
        records.ticket_id,
        records.account_id as own_account_id,
        records.created_at,
        records.channel,
        records.category,
        records.brand,
        records.requester_id,
        records.is_escalated,
        records.source_status,
        records.first_response_at,
        last_steps.status,
        coalesce(owners.owner_account_id, 'unassigned') as account_id,
        case
            when last_priorities.ticket_id is not null then last_priorities.priority
            else records.priority
        end as priority,
        case
            when cast(records.solved_at as date) <= {{ as_of_date() }} then records.solved_at
        end as solved_at,
        case when records.satisfaction in ('good', 'bad') then records.satisfaction end
            as satisfaction,
        case last_steps.state when 'open' then true when 'ended' then false end as is_open,
        coalesce(last_steps.was_merged and last_steps.state = 'ended', false) as is_merged
    from records
    inner join last_steps
        on
            records.source_system = last_steps.source_system
            and records.ticket_id = last_steps.ticket_id
    left outer join last_priorities
        on
            records.source_system = last_priorities.source_system
            and records.ticket_id = last_priorities.ticket_id
    left outer join owners
        on records.account_id = owners.account_id
    where last_steps.state <> 'deleted'
)

select * from final
