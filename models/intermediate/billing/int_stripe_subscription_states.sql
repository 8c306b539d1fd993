-- Grain: one row per Stripe subscription and day from which a state of it holds.
-- A state holds from the day it took effect until a later known state takes effect; none before
-- the subscription starts. A backdated change (a start or an end before the day it became known)
-- cuts what was known before it. The last one is an end where the subscription is over without a
-- word of its own.
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{% set kept = [
    'subscription_id', 'customer_id', 'currency', 'cancellation_reason', 'cancellation_feedback',
    'cancellation_comment', 'canceled_at', 'cancel_at', 'resumes_at', 'term_start', 'term_end',
    'started_on', 'trial_to',
] %}

with told as (
    select
        {{ each_column(kept, '@') }},
        status,
        is_paused,
        ended_on,
        known_at,
        state_source,
        state_key,
        state_number,
        valid_from
    from {{ ref('int_stripe_told_states') }}
),

endings as (
    select
        subscription_id,
        state_number,
        ended_on
    from {{ ref('int_stripe_untold_endings') }}
),

states as (
    select * from told
    union all
    select
        {{ each_column(kept, 'told.@') }},
        'canceled' as status,
        false as is_paused,
        endings.ended_on,
        cast(endings.ended_on as timestamp) as known_at,
        'end' as state_source,
        cast(endings.ended_on as varchar) as state_key,
        told.state_number + 1 as state_number,
        endings.ended_on as valid_from
    from told
    inner join endings
        on
            told.subscription_id = endings.subscription_id
            and told.state_number = endings.state_number
),

-- The status `paused` is a pause for who has paid before; a trial that ended without a way to pay
-- has it too, and has nothing to pause.
bounded as (
    select
        *,
        min(valid_from) over (
            partition by subscription_id
            order by state_number
            rows between 1 following and unbounded following
        ) as valid_to,
        is_paused or (
            status = 'paused'
            and bool_or(status in ('active', 'past_due')) over (
                partition by subscription_id order by state_number
            )
        ) as is_on_pause,
        lag(status) over (partition by subscription_id order by state_number) as status_before
    from states
),

final as (
    select
        subscription_id,
        valid_from,
        valid_to,
        customer_id,
        status,
        is_on_pause as is_paused,
        -- Collection resumes by itself on the day that the pause names.
        case
            when
                is_paused
                and cast(resumes_at as date) <= {{ as_of_date() }}
                then least(valid_to, cast(resumes_at as date))
            when is_on_pause then valid_to
        end as paused_until,
        currency,
        cancellation_reason,
        cancellation_feedback,
        cancellation_comment,
        canceled_at,
        cancel_at,
        term_start,
        term_end,
        started_on as start_date,
        ended_on as end_date,
        trial_to,
        -- It was not paid: given up for it, or over after it was due without anybody asking.
        (
            coalesce(cancellation_reason = 'payment_failed', false)
            or status = 'unpaid'
            {%- if var('delinquent_policy') == 'past_due_is_churn' %}
            or status = 'past_due'
            {%- endif %}
            or (
                {{ is_over('status') }}
                and status_before in ('past_due', 'unpaid')
                and cancellation_reason is null
                and cancellation_feedback is null
                and coalesce(cast(canceled_at as date) >= ended_on, true)
            )
        ) as is_payment_failure,
        known_at,
        -- Where the state was told, and which event, load or day of it: the key of its items.
        state_source,
        state_key,
        state_number
    from bounded
    where valid_to is null or valid_to > valid_from
)

select * from final
