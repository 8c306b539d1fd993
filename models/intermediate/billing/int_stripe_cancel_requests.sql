-- Grain: one row per Stripe subscription and stretch of days on which a request to cancel stood.
-- By the day on which Stripe told it, until it was withdrawn or the subscription was over.
{{ config(enabled=source_is_on('billing', 'stripe'), materialized='view') }}

with events as (
    select
        subscription_id,
        event_number,
        created_at,
        customer_id as customer_key,
        status,
        canceled_at
    from {{ ref('int_stripe_subscription_events') }}
),

-- Also where no event tells the end.
endings as (
    select
        subscription_id,
        min(valid_from) as ended_on
    from {{ ref('int_stripe_subscription_states') }}
    where {{ is_over('status') }}
    group by subscription_id
),

subscriptions as (
    select
        subscription_id,
        customer_id as customer_key,
        canceled_at,
        ended_at
    from {{ ref('stg_stripe__subscription_versions') }}
    qualify row_number() over (partition by subscription_id order by load_id desc) = 1
),

ordered as (
    select
        subscription_id,
        customer_key,
        cast(created_at as date) as valid_from,
        (
            canceled_at is not null
            and not {{ is_over('status') }}
        ) as is_requested,
        cast(
            lead(created_at) over (
                partition by subscription_id
                order by event_number
            ) as date
        ) as valid_to
    from events
),

final as (
    select
        ordered.subscription_id,
        ordered.customer_key,
        ordered.valid_from,
        coalesce(ordered.valid_to, endings.ended_on) as valid_to
    from ordered
    left outer join endings
        on ordered.subscription_id = endings.subscription_id
    where
        ordered.is_requested
        and ordered.valid_from < coalesce(
            ordered.valid_to, endings.ended_on, cast('9999-12-31' as date)
        )
    union all
    select
        subscriptions.subscription_id,
        subscriptions.customer_key,
        cast(subscriptions.canceled_at as date) as valid_from,
        cast(subscriptions.ended_at as date) as valid_to
    from subscriptions
    left outer join events
        on subscriptions.subscription_id = events.subscription_id
    where
        events.subscription_id is null
        and subscriptions.canceled_at is not null
        and (subscriptions.ended_at is null or subscriptions.canceled_at < subscriptions.ended_at)
)

select * from final
