-- Grain: one row per Stripe subscription and day from which a state of it holds.
-- A state holds from the day it took effect until a later known state takes effect; none before
-- the subscription starts. A backdated change (a start or an end before the day it became known)
-- cuts what was known before it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with events as (
    select
        subscription_id,
        event_type,
        created_at,
        load_id,
        source_line,
        subscription
    from {{ ref('stg_stripe__subscription_events') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

subscriptions as (
    select
        subscription_id,
        customer_id,
        status,
        created_at,
        started_at,
        ended_at,
        canceled_at,
        cancellation_reason,
        cancellation_feedback,
        current_period_start_at,
        current_period_end_at,
        currency,
        pause_collection,
        items,
        discount,
        discounts
    from {{ ref('stg_stripe__subscriptions') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

event_states as (
    select
        subscription_id,
        {{ json_text('subscription', '$.customer') }} as customer_id,
        {{ json_text('subscription', '$.status') }} as status,
        {{ json_text('subscription', '$.pause_collection') }} is not null as is_paused,
        upper({{ json_text('subscription', '$.currency') }}) as currency,
        {{ json_text('subscription', '$.items') }} as items,
        {{ json_text('subscription', '$.discount') }} as discount,
        {{ json_text('subscription', '$.discounts') }} as discounts,
        {{ json_text('subscription', '$.cancellation_details.reason') }} as cancellation_reason,
        {{ json_text('subscription', '$.cancellation_details.feedback') }}
            as cancellation_feedback,
        {{ json_unix_time('subscription', '$.canceled_at') }} as canceled_at,
        cast(
            coalesce(
                {{ json_unix_time('subscription', '$.current_period_start') }},
                {{ json_unix_time('subscription', '$.items.data[0].current_period_start') }}
            ) as date
        ) as term_start,
        cast(
            coalesce(
                {{ json_unix_time('subscription', '$.current_period_end') }},
                {{ json_unix_time('subscription', '$.items.data[0].current_period_end') }}
            ) as date
        ) as term_end,
        created_at as known_at,
        cast({{ json_unix_time('subscription', '$.start_date') }} as date) as start_date,
        cast({{ json_unix_time('subscription', '$.ended_at') }} as date) as end_date,
        row_number() over (
            partition by subscription_id order by created_at, load_id, source_line
        ) as state_number
    from events
),

-- A subscription whose changes were never delivered has the state of today, and its end.
numbers as (
    select 1 as state_number
    union all
    select 2 as state_number
),

states_without_events as (
    select
        subscriptions.subscription_id,
        subscriptions.customer_id,
        case
            when numbers.state_number = 2 then 'canceled'
            when subscriptions.ended_at is not null then 'active'
            else subscriptions.status
        end as status,
        coalesce(subscriptions.pause_collection, 'null') <> 'null' as is_paused,
        subscriptions.currency,
        subscriptions.items,
        subscriptions.discount,
        subscriptions.discounts,
        subscriptions.cancellation_reason,
        subscriptions.cancellation_feedback,
        subscriptions.canceled_at,
        cast(subscriptions.current_period_start_at as date) as term_start,
        cast(subscriptions.current_period_end_at as date) as term_end,
        case
            when numbers.state_number = 2 then subscriptions.ended_at
            else subscriptions.created_at
        end as known_at,
        cast(subscriptions.started_at as date) as start_date,
        cast(subscriptions.ended_at as date) as end_date,
        numbers.state_number
    from subscriptions
    cross join numbers
    left outer join events
        on subscriptions.subscription_id = events.subscription_id
    where
        events.subscription_id is null
        and (
            numbers.state_number = 1
            or cast(subscriptions.ended_at as date) <= {{ as_of_date() }}
        )
),

states as (
    select * from event_states
    union all
    select * from states_without_events
),

dated as (
    select
        *,
        case
            when state_number = 1
                then coalesce(start_date, cast(known_at as date))
            when status in ('canceled', 'incomplete_expired') and end_date is not null
                then least(end_date, cast(known_at as date))
            else greatest(cast(known_at as date), coalesce(start_date, cast(known_at as date)))
        end as valid_from
    from states
),

bounded as (
    select
        *,
        min(valid_from) over (
            partition by subscription_id
            order by state_number
            rows between 1 following and unbounded following
        ) as valid_to
    from dated
),

final as (
    select
        subscription_id,
        valid_from,
        valid_to,
        customer_id,
        status,
        is_paused,
        currency,
        items,
        discount,
        discounts,
        cancellation_reason,
        cancellation_feedback,
        canceled_at,
        term_start,
        term_end,
        start_date,
        end_date,
        known_at,
        state_number
    from bounded
    where valid_to is null or valid_to > valid_from
)

select * from final
