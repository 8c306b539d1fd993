-- What must hold for any ticket: nothing before its creation, the first solution not after the
-- last, business time never longer than clock time, solved tickets have a solution unless merged,
-- a reopened ticket was solved before, an open one has no last solution, and one that was answered
-- past its target, whose priority never changed and which was neither solved nor deleted before, is
-- breached.
{{ config(meta={'dagster': {'ref': {'name': 'fct_ticket'}}}) }}

with steady as (
    select
        source_system,
        ticket_id
    from {{ ref('int_support_ticket_changes') }}
    where field_name in ('status', 'priority')
    group by
        source_system,
        ticket_id
    having
        count(distinct case when field_name = 'priority' then field_value end) <= 1
        and count(
            case when field_name = 'status' and field_value in ('deleted', 'unknown') then 1 end
        ) = 0
)

select
    tickets.source_system,
    tickets.ticket_id
from {{ ref('fct_ticket') }} as tickets
left outer join steady
    on
        tickets.source_system = steady.source_system
        and tickets.ticket_id = steady.ticket_id
where
    tickets.first_response_minutes < 0
    or tickets.first_resolution_minutes > tickets.full_resolution_minutes
    or (tickets.first_resolution_minutes is null and tickets.full_resolution_minutes is not null)
    or tickets.first_response_business_minutes > tickets.first_response_minutes
    or tickets.first_resolution_business_minutes > tickets.first_resolution_minutes
    or tickets.full_resolution_business_minutes > tickets.full_resolution_minutes
    or tickets.first_response_business_minutes < 0
    or (tickets.reopens > 0 and tickets.first_solved_at is null and not tickets.is_merged)
    or (tickets.last_solved_at is not null and tickets.is_open is distinct from false)
    or (
        tickets.is_breached
        is distinct from (tickets.first_response_minutes > tickets.target_minutes)
        and tickets.first_response_minutes is not null
        -- Rounded minutes cannot tell a ticket that missed its target by less than a second.
        and abs(tickets.first_response_minutes - tickets.target_minutes) > 0.01
        and not tickets.is_merged
        and steady.ticket_id is not null
        and tickets.is_open is not null
        and coalesce(tickets.first_solved_at >= tickets.first_response_at, true)
    )
