-- Grain: one row per Stripe subscription and state of it that was told, in the order of telling.
-- By an invoice, before the first event; then by events, each followed by what the loads brought
-- that is newer than it; without events by the loads alone. valid_from is the day on which it took
-- effect, not before the subscription starts.
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{% set columns = [
    'subscription_id', 'customer_id', 'status', 'is_paused', 'currency', 'term_start',
    'term_end', 'started_on',
] %}
{% set endings = {
    'cancellation_reason': 'varchar',
    'cancellation_feedback': 'varchar',
    'cancellation_comment': 'varchar',
    'canceled_at': 'timestamp',
    'cancel_at': 'timestamp',
    'resumes_at': 'timestamp',
} %}

with invoiced_states as (
    select
        {{ each_column(columns, '@') }},
        {%- for column, type in endings.items() %}
        cast(null as {{ type }}) as {{ column }},
        {%- endfor %}
        known_at,
        cast(null as date) as ended_on,
        cast(null as date) as trial_to,
        valid_from as effective_on,
        'invoice' as state_source,
        cast(valid_from as varchar) as state_key,
        1 as told_by,
        state_number as told_number
    from {{ ref('int_stripe_invoiced_states') }}
),

event_states as (
    select
        {{ each_column(columns, '@') }},
        {{ each_column(endings, '@') }},
        created_at as known_at,
        cast(ended_at as date) as ended_on,
        cast(trial_end_at as date) as trial_to,
        cast(null as date) as effective_on,
        'event' as state_source,
        event_id as state_key,
        2 as told_by,
        event_number as told_number
    from {{ ref('int_stripe_subscription_events') }}
    where cast(created_at as date) <= {{ as_of_date() }}
),

loaded_states as (
    select
        {{ each_column(columns, '@') }},
        {{ each_column(endings, '@') }},
        known_at,
        ended_on,
        trial_to,
        effective_on,
        'load' as state_source,
        load_id as state_key,
        2 as told_by,
        after_event_number as told_number
    from {{ ref('int_stripe_loaded_states') }}
),

states as (
    select * from invoiced_states
    union all
    select * from event_states
    union all
    select * from loaded_states
),

numbered as (
    select
        *,
        row_number() over (
            partition by subscription_id
            order by told_by, told_number, state_source, state_key
        ) as state_number
    from states
),

final as (
    select
        subscription_id,
        state_number,
        case
            when effective_on is not null then effective_on
            when state_number = 1 then coalesce(started_on, cast(known_at as date))
            when {{ is_over('status') }} and ended_on is not null
                then least(ended_on, cast(known_at as date))
            else greatest(cast(known_at as date), started_on)
        end as valid_from,
        {{ each_column(columns[1:], '@') }},
        {{ each_column(endings, '@') }},
        known_at,
        ended_on,
        trial_to,
        state_source,
        state_key
    from numbered
)

select * from final
