-- Control total: tickets in staging that existed at the as-of date and are not deleted, against
-- the fact. A ticket whose account is not known is in the fact under unassigned, not left out.
{{ config(meta={'dagster': {'ref': {'name': 'fct_ticket'}}}) }}

with staged as (
    {%- if source_is_on('support', 'zendesk') %}
    select
        'zendesk' as source_system,
        ticket_id
    from {{ ref('stg_zendesk__tickets') }}
    where
        cast(created_at as date) <= {{ as_of_date() }}
        and not (is_deleted and cast(updated_at as date) <= {{ as_of_date() }})
    union all
    {%- endif %}
    {%- if source_is_on('support', 'files') %}
    select
        'files' as source_system,
        ticket_id
    from {{ ref('stg_files__tickets') }}
    where cast(created_at as date) <= {{ as_of_date() }} and status <> 'deleted'
    union all
    {%- endif %}
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
