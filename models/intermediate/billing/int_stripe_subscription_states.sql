-- Grain: one row per Stripe subscription and day from which a state of it holds.
-- A state holds from the day it took effect until a later known state takes effect; none before
-- the subscription starts. A backdated change (a start or an end before the day it became known)
-- cuts what was known before it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with events as (
    select
        event_id,
        subscription_id,
        created_at,
        load_id,
        source_line,
        subscription
    from {{ ref('stg_stripe__subscription_events') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

-- What no event tells: before the first one what was invoiced, and without any the object as the
-- loads brought it.
invoiced_states as (
    select
        subscription_id,
        customer_id,
        status,
        is_paused,
        currency,
        items,
        discount,
        discounts,
        term_start,
        term_end,
        started_on,
        cast(null as varchar) as cancellation_reason,
        cast(null as varchar) as cancellation_feedback,
        cast(null as timestamp) as canceled_at,
        known_at,
        cast(null as date) as ended_on,
        valid_from as invoiced_from,
        'invoice' as state_source,
        cast(valid_from as varchar) as state_key,
        1 as told_by,
        state_number as told_number
    from {{ ref('int_stripe_invoiced_states') }}
),

loaded_states as (
    select
        subscription_id,
        customer_id,
        status,
        is_paused,
        currency,
        items,
        discount,
        discounts,
        term_start,
        term_end,
        started_on,
        cancellation_reason,
        cancellation_feedback,
        canceled_at,
        known_at,
        ended_on,
        cast(null as date) as invoiced_from,
        'load' as state_source,
        load_id as state_key,
        2 as told_by,
        row_number() over (partition by subscription_id order by load_id) as told_number
    from {{ ref('int_stripe_loaded_states') }}
),

event_states as (
    select
        subscription_id,
        {{ stripe_subscription('subscription') }},
        {{ json_text('subscription', '$.cancellation_details.reason') }} as cancellation_reason,
        {{ json_text('subscription', '$.cancellation_details.feedback') }}
            as cancellation_feedback,
        {{ json_unix_time('subscription', '$.canceled_at') }} as canceled_at,
        created_at as known_at,
        cast({{ json_unix_time('subscription', '$.ended_at') }} as date) as ended_on,
        cast(null as date) as invoiced_from,
        'event' as state_source,
        event_id as state_key,
        3 as told_by,
        row_number() over (
            partition by subscription_id order by created_at, load_id, source_line
        ) as told_number
    from events
),

states as (
    select * from invoiced_states
    union all
    select * from loaded_states
    union all
    select * from event_states
),

numbered as (
    select
        *,
        row_number() over (
            partition by subscription_id order by told_by, told_number
        ) as state_number
    from states
),

dated as (
    select
        *,
        case
            when invoiced_from is not null
                then invoiced_from
            when state_number = 1
                then coalesce(started_on, cast(known_at as date))
            when status in ('canceled', 'incomplete_expired') and ended_on is not null
                then least(ended_on, cast(known_at as date))
            else greatest(cast(known_at as date), coalesce(started_on, cast(known_at as date)))
        end as valid_from
    from numbered
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
        started_on as start_date,
        ended_on as end_date,
        known_at,
        -- Where the state was told, and which event, load or invoiced day of it: the key of its items.
        state_source,
        state_key,
        state_number
    from bounded
    where valid_to is null or valid_to > valid_from
)

select * from final
