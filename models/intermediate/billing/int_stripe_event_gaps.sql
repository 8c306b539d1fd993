-- Grain: one row per Stripe subscription whose first known event is not its creation.
-- The gap lasts from its start until something tells its state: the first known event, or without
-- any the first load that brought the object. What is said here is the state just before that.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with late_events as (
    select
        subscription_id,
        event_type,
        created_at,
        {{ json_merged('subscription', "coalesce(previous_attributes, '{}')") }} as subscription
    from {{ ref('int_stripe_subscription_events') }}
    where
        event_number = 1
        and event_type <> 'customer.subscription.created'
        and cast(created_at as date) <= {{ as_of_date() }}
),

first_loads as (
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
        created_at,
        started_on,
        seen_on,
        trial_from,
        trial_to
    from {{ ref('int_stripe_loaded_states') }}
    where not has_events
    qualify row_number() over (partition by subscription_id order by load_id) = 1
),

before_events as (
    select
        subscription_id,
        event_type,
        created_at as told_at,
        {{ stripe_subscription('subscription') }},
        {{ json_unix_time('subscription', '$.created') }} as created_at,
        cast({{ json_unix_time('subscription', '$.trial_start') }} as date) as trial_from,
        cast({{ json_unix_time('subscription', '$.trial_end') }} as date) as trial_to
    from late_events
),

gaps as (
    select
        subscription_id,
        customer_id,
        case
            when event_type <> 'customer.subscription.deleted' then status
            else 'active'
        end as status,
        is_paused,
        currency,
        items,
        discount,
        discounts,
        term_start,
        term_end,
        coalesce(created_at, told_at) as created_at,
        started_on,
        cast(told_at as date) as told_from,
        trial_from,
        trial_to
    from before_events
    union all
    select
        subscription_id,
        customer_id,
        case
            when status = 'incomplete_expired' then 'incomplete'
            when {{ is_over('status') }} then 'active'
            else status
        end as status,
        is_paused,
        currency,
        items,
        discount,
        discounts,
        term_start,
        term_end,
        created_at,
        started_on,
        seen_on as told_from,
        trial_from,
        trial_to
    from first_loads
),

final as (
    select *
    from gaps
    where started_on < told_from
)

select * from final
