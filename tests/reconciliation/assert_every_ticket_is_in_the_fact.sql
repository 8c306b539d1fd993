-- Control total: tickets that existed at the as-of date and were not deleted by its end, against
-- the fact. A ticket whose account is not known is in the fact under unassigned, not left out.
{{ config(meta={'dagster': {'ref': {'name': 'fct_ticket'}}}) }}

with deletions as (
    select
        source_system,
        ticket_id
    from {{ ref('int_support_ticket_steps') }}
    group by
        source_system,
        ticket_id
    having max_by(state, step_number) = 'deleted'
),

staged as (
    {%- for system, relation in {
        'zendesk': 'stg_zendesk__tickets', 'files': 'stg_files__tickets'
    }.items() if source_is_on('support', system) %}
    select
        '{{ system }}' as source_system,
        tickets.ticket_id
    from {{ ref(relation) }} as tickets
    left outer join deletions
        on
            deletions.source_system = '{{ system }}'
            and tickets.ticket_id = deletions.ticket_id
    where
        cast(tickets.created_at as date) <= {{ as_of_date() }}
        and deletions.ticket_id is null
    union all
    {%- endfor %}
    select
        source_system,
        ticket_id
    from {{ ref('fct_ticket') }}
    where false
),

tickets as (
    select
        source_system,
        ticket_id
    from {{ ref('fct_ticket') }}
)

select
    staged.ticket_id as staged_ticket_id,
    tickets.ticket_id as fact_ticket_id
from staged
full outer join tickets
    on
        staged.source_system = tickets.source_system
        and staged.ticket_id = tickets.ticket_id
where staged.ticket_id is null or tickets.ticket_id is null
