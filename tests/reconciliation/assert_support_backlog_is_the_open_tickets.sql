-- The backlog of the as-of date, from the history of each ticket, is the tickets that are open.
{{ config(meta={'dagster': {'ref': {'name': 'fct_account_support_day'}}}) }}

with backlog as (
    select
        account_id,
        backlog
    from {{ ref('fct_account_support_day') }}
    where date_day = {{ as_of_date() }}
),

tickets as (
    select
        account_id,
        count_if(is_open) as open_tickets
    from {{ ref('fct_ticket') }}
    group by account_id
)

select
    backlog.backlog,
    tickets.open_tickets,
    coalesce(backlog.account_id, tickets.account_id) as account_id
from backlog
full outer join tickets
    on backlog.account_id = tickets.account_id
where coalesce(backlog.backlog, 0) <> coalesce(tickets.open_tickets, 0)
