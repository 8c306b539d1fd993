-- Grain: one row per Stripe subscription and stretch of days on which a request to cancel stood.
-- By the day on which Stripe told it, until it was withdrawn or the subscription was over.
{{ config(enabled=source_is_on('billing', 'stripe'), materialized='view') }}

with events as (
    select
        subscription_id,
        created_at,
        load_id,
        source_line,
        {{ json_text('subscription', '$.customer') }} as customer_key,
        {{ json_text('subscription', '$.status') }} as status,
        {{ json_unix_time('subscription', '$.canceled_at') }} as canceled_at
    from {{ ref('stg_stripe__subscription_events') }}
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
            and status not in ('canceled', 'incomplete_expired')
        ) as is_requested,
        cast(
            lead(created_at) over (
                partition by subscription_id
                order by created_at, load_id, source_line
            ) as date
        ) as valid_to
    from events
),

final as (
    select
        subscription_id,
        customer_key,
        valid_from,
        valid_to
    from ordered
    where is_requested and (valid_to is null or valid_from < valid_to)
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
