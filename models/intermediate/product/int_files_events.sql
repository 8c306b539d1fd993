-- Grain: one row per delivered event row, in the canonical columns of events.
-- Without a time of receipt an event counts as received when it happened. An event without an
-- account counts for the account that its user had then.
{{ config(enabled=source_is_on('product', 'files'), materialized='view') }}

with deliveries as (
    select
        event_id,
        account_id,
        user_id,
        event_name,
        occurred_at,
        received_at,
        load_id,
        source_line
    from {{ ref('stg_files__event_deliveries') }}
),

user_accounts as (
    select
        user_id,
        account_id,
        valid_from,
        valid_to
    from {{ ref('stg_files__user_accounts') }}
),

-- Apart, so that the events that name their account, most of them, are joined with nothing.
final as (
    select
        deliveries.event_id,
        deliveries.account_id as account_key,
        deliveries.user_id,
        deliveries.event_name,
        deliveries.occurred_at,
        coalesce(deliveries.received_at, deliveries.occurred_at) as received_at,
        deliveries.load_id,
        deliveries.source_line
    from deliveries
    where deliveries.account_id is not null
    union all
    select
        deliveries.event_id,
        user_accounts.account_id as account_key,
        deliveries.user_id,
        deliveries.event_name,
        deliveries.occurred_at,
        coalesce(deliveries.received_at, deliveries.occurred_at) as received_at,
        deliveries.load_id,
        deliveries.source_line
    from deliveries
    left outer join user_accounts
        on
            deliveries.user_id = user_accounts.user_id
            and deliveries.occurred_at >= user_accounts.valid_from
            and deliveries.occurred_at < user_accounts.valid_to
    where deliveries.account_id is null
)

select * from final
