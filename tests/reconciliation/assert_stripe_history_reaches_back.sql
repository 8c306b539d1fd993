-- Stripe keeps events for some thirty days. Where the first known event of a subscription is not
-- its creation, or there is none, its first known state stands for all the time before: a price
-- that changed earlier is not known, and ARR of the past is that of later terms. Load older events,
-- or bring the history as files (subscription_items).
{{ config(
    severity='warn',
    enabled=source_is_on('billing', 'stripe'),
    meta={'dagster': {'ref': {'name': 'stg_stripe__subscriptions'}}}
) }}

with events as (
    select
        subscription_id,
        event_type,
        created_at
    from {{ ref('stg_stripe__subscription_events') }}
),

subscriptions as (
    select
        subscription_id,
        started_at
    from {{ ref('stg_stripe__subscriptions') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

histories as (
    select
        subscription_id,
        min(created_at) as known_since,
        min(case when event_type = 'customer.subscription.created' then created_at end)
            as creation_known_at
    from events
    group by subscription_id
),

final as (
    select
        subscriptions.subscription_id,
        subscriptions.started_at,
        histories.known_since
    from subscriptions
    left outer join histories
        on subscriptions.subscription_id = histories.subscription_id
    where
        histories.creation_known_at is null
        and (
            histories.known_since is null
            or subscriptions.started_at < histories.known_since
        )
)

select * from final
