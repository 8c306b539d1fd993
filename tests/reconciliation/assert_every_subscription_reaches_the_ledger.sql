-- No contract is lost on the way: each known subscription with an item is in the ledger, but for
-- those that never had a paid or unpaid day (ended before or on the day they began).
{{ config(meta={'dagster': {'ref': {'name': 'int_arr_line_intervals'}}}) }}

with subscriptions as (
    select
        source_system,
        subscription_id,
        started_on,
        ended_on
    from {{ ref('int_billing_subscriptions') }}
),

ledger as (
    select distinct
        source_system,
        subscription_id
    from {{ ref('int_arr_line_intervals') }}
)

select
    subscriptions.source_system,
    subscriptions.subscription_id
from subscriptions
left outer join ledger
    on
        subscriptions.source_system = ledger.source_system
        and subscriptions.subscription_id = ledger.subscription_id
where
    ledger.subscription_id is null
    and coalesce(subscriptions.ended_on > subscriptions.started_on, true)
