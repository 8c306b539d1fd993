-- Grain: one row per subscription of the files source that was to be canceled.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}

with subscriptions as (
    select
        subscription_id,
        account_id,
        cast(cancel_requested_at as date) as cancel_requested_on
    from {{ ref('stg_files__subscriptions') }}
),

states as (
    select
        subscription_id,
        meaning,
        known_on,
        service_end
    from {{ ref('int_files_subscription_states') }}
),

-- One that will not renew was to be canceled when it was first seen so, if nothing says since when.
asked as (
    select
        subscriptions.subscription_id,
        subscriptions.account_id,
        states.service_end,
        coalesce(
            subscriptions.cancel_requested_on,
            case when states.meaning = 'non_renewing' then states.known_on end
        ) as asked_on
    from subscriptions
    inner join states
        on subscriptions.subscription_id = states.subscription_id
),

final as (
    select
        subscription_id,
        account_id as customer_key,
        asked_on as valid_from,
        service_end as valid_to
    from asked
    where asked_on is not null
)

select * from final
