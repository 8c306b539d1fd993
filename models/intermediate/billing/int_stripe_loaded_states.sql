-- Grain: one row per Stripe subscription and load that brought a version which no event tells.
-- Of subscriptions without events all, of the others what is newer than their last event. A version
-- is known from the day on which it was first seen; an end is taken at its word, and so is the end
-- of a trial; who pays after an incomplete start paid within a day (Stripe gives 23 hours). Of
-- loads after the as-of date only the last counts, and that only when there was none before. An end
-- after the as-of date has not happened: until then the status is the one before it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with versions as (
    select
        subscription_id,
        load_id,
        seen_on,
        customer_id,
        status,
        created_at,
        started_at,
        ended_at,
        canceled_at,
        cancel_at,
        trial_start_at,
        trial_end_at,
        cancellation_reason,
        cancellation_feedback,
        cancellation_comment,
        resumes_at,
        current_period_start_at,
        current_period_end_at,
        currency,
        is_paused,
        items,
        discount,
        discounts
    from {{ ref('stg_stripe__subscription_versions') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

told as (
    select distinct subscription_id
    from {{ ref('int_stripe_subscription_events') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

-- An object that later events describe says nothing about the as-of date.
newer_objects as (
    select
        subscription_id,
        load_id,
        event_number,
        event_status,
        cast(event_at as date) as event_on,
        cast(event_trial_end_at as date) as event_trial_to
    from {{ ref('int_stripe_object_versions') }}
    where
        newer = 'object'
        and cast(event_at as date) <= {{ as_of_date() }}
),

known as (
    select
        *,
        least(seen_on, {{ as_of_date() }}) as known_on,
        min(seen_on) over (partition by subscription_id) as first_seen_on,
        max(load_id) over (partition by subscription_id) as last_load_id,
        -- What is over stays over.
        max_by(status, case when not {{ is_over('status') }} then load_id end) over (
            partition by subscription_id
        ) as status_before_end,
        cast(ended_at as date) > {{ as_of_date() }} as ends_later
    from versions
),

final as (
    select
        known.subscription_id,
        known.known_on as seen_on,
        known.load_id,
        told.subscription_id is not null as has_events,
        coalesce(newer_objects.event_number, 0) as after_event_number,
        known.customer_id,
        case
            when known.status = 'incomplete_expired' and known.ends_later then 'incomplete'
            when
                cast(known.trial_end_at as date) > {{ as_of_date() }}
                and cast(known.trial_start_at as date) <= {{ as_of_date() }}
                and (known.ends_later or not {{ is_over('known.status') }})
                then 'trialing'
            when known.ends_later then coalesce(known.status_before_end, 'active')
            else known.status
        end as status,
        known.created_at,
        cast(known.started_at as date) as started_on,
        cast(known.ended_at as date) as ended_on,
        case
            when cast(known.ended_at as date) <= {{ as_of_date() }} then known.ended_at
            else cast(known.known_on as timestamp)
        end as known_at,
        -- The day on which the state began, where that is not the day on which it was seen: of the
        -- first load that left what the event said. The states of later loads came after it.
        case
            when {{ is_over('known.status') }} or known.status = newer_objects.event_status
                then null
            when
                row_number() over (
                    partition by
                        known.subscription_id,
                        newer_objects.event_number,
                        known.status = newer_objects.event_status
                    order by known.load_id
                ) > 1 then null
            when newer_objects.event_status = 'incomplete' then newer_objects.event_on
            -- A trial that was extended ends as the object says.
            when
                newer_objects.event_status = 'trialing'
                and coalesce(cast(known.trial_end_at as date), newer_objects.event_trial_to)
                <= known.known_on
                then coalesce(cast(known.trial_end_at as date), newer_objects.event_trial_to)
        end as effective_on,
        cast(known.trial_start_at as date) as trial_from,
        cast(known.trial_end_at as date) as trial_to,
        known.canceled_at,
        known.cancel_at,
        known.cancellation_reason,
        known.cancellation_feedback,
        known.cancellation_comment,
        known.resumes_at,
        cast(known.current_period_start_at as date) as term_start,
        cast(known.current_period_end_at as date) as term_end,
        known.currency,
        known.is_paused,
        known.items,
        known.discount,
        known.discounts
    from known
    left outer join told
        on known.subscription_id = told.subscription_id
    left outer join newer_objects
        on
            known.subscription_id = newer_objects.subscription_id
            and known.load_id = newer_objects.load_id
    where
        (
            told.subscription_id is null
            or (
                newer_objects.subscription_id is not null
                and coalesce(cast(known.ended_at as date) <= {{ as_of_date() }}, true)
            )
        )
        and (
            known.seen_on <= {{ as_of_date() }}
            or (
                coalesce(known.first_seen_on > {{ as_of_date() }}, true)
                and known.load_id = known.last_load_id
            )
        )
)

select * from final
