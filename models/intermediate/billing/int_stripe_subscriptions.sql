-- Grain: one row per Stripe subscription: its last state known at the as-of date.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with states as (
    select
        subscription_id,
        customer_id,
        status,
        start_date,
        end_date,
        canceled_at,
        cancel_at,
        cancellation_reason,
        cancellation_feedback,
        is_payment_failure,
        term_start,
        term_end,
        currency,
        state_number,
        valid_from,
        cast(known_at as date) as known_on
    from {{ ref('int_stripe_subscription_states') }}
),

starts as (
    select
        subscription_id,
        min(valid_from) as first_valid_from,
        min(known_on) as signed_on
    from states
    group by subscription_id
),

last_states as (
    select *
    from states
    qualify
        row_number() over (partition by subscription_id order by state_number desc) = 1
),

final as (
    select
        last_states.subscription_id,
        last_states.customer_id as customer_key,
        last_states.status,
        coalesce(last_states.start_date, starts.first_valid_from) as started_on,
        starts.signed_on,
        starts.signed_on as made_on,
        last_states.end_date as ended_on,
        last_states.canceled_at as cancel_requested_at,
        last_states.cancellation_reason as cancel_reason,
        last_states.cancellation_feedback as cancel_detail,
        last_states.is_payment_failure,
        last_states.term_start,
        last_states.term_end,
        last_states.currency,
        case
            when cast(last_states.cancel_at as date) >= {{ as_of_date() }}
                then cast(last_states.cancel_at as date)
        end as ends_on,
        true as is_end_agreed,
        (last_states.cancel_at is null and last_states.end_date is null) as is_auto_renewed
    from last_states
    inner join starts
        on last_states.subscription_id = starts.subscription_id
)

select * from final
