-- What must hold for any ticket: nothing before its creation, the first solution not after the
-- last, business time never longer than clock time, solved tickets have a solution unless merged,
-- a reopened ticket was solved before, and one that waits past its target is breached.
select
    source_system,
    ticket_id
from {{ ref('fct_ticket') }}
where
    first_response_minutes < 0
    or first_resolution_minutes > full_resolution_minutes
    or (first_resolution_minutes is null and full_resolution_minutes is not null)
    or first_response_business_minutes > first_response_minutes
    or first_resolution_business_minutes > first_resolution_minutes
    or full_resolution_business_minutes > full_resolution_minutes
    or first_response_business_minutes < 0
    or (reopens > 0 and first_solved_at is null and not is_merged)
    or (
        is_breached is distinct from (first_response_minutes > target_minutes)
        and first_response_minutes is not null
        -- Rounded minutes cannot tell a ticket that missed its target by less than a second.
        and abs(first_response_minutes - target_minutes) > 0.01
        and not is_merged
    )
