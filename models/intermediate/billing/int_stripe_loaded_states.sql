-- Grain: one row per Stripe subscription without events and load that brought a version of it.
-- A version is known from the day on which it was first seen; an end is taken at its word. Of
-- loads after the as-of date only the last counts, and that only when there was none before.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with told as (
    select distinct subscription_id
    from {{ ref('stg_stripe__subscription_events') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

versions as (
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
        trial_start_at,
        trial_end_at,
        cancellation_reason,
        cancellation_feedback,
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

untold as (
    select
        versions.*,
        least(coalesce(versions.seen_on, {{ as_of_date() }}), {{ as_of_date() }}) as known_on,
        min(versions.seen_on) over (partition by versions.subscription_id) as first_seen_on,
        max(versions.load_id) over (partition by versions.subscription_id) as last_load_id
    from versions
    left outer join told
        on versions.subscription_id = told.subscription_id
    where told.subscription_id is null
),

final as (
    select
        subscription_id,
        known_on as seen_on,
        load_id,
        customer_id,
        case when cast(ended_at as date) > {{ as_of_date() }} then 'active' else status end
            as status,
        created_at,
        cast(started_at as date) as started_on,
        cast(ended_at as date) as ended_on,
        case
            when cast(ended_at as date) <= {{ as_of_date() }} then ended_at
            else cast(known_on as timestamp)
        end as known_at,
        cast(trial_start_at as date) as trial_from,
        cast(trial_end_at as date) as trial_to,
        canceled_at,
        cancellation_reason,
        cancellation_feedback,
        cast(current_period_start_at as date) as term_start,
        cast(current_period_end_at as date) as term_end,
        currency,
        is_paused,
        items,
        discount,
        discounts
    from untold
    where
        seen_on <= {{ as_of_date() }}
        or (
            coalesce(first_seen_on > {{ as_of_date() }}, true)
            and load_id = last_load_id
        )
)

select * from final
