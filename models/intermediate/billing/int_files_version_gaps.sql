-- Grain: one row per subscription of the files source and thing that an earlier delivery told
-- otherwise, and that counts as the newest one tells it, for the past too.
{{ config(enabled=source_is_on('billing', 'files'), materialized='view') }}
{% set running = "('active', 'past_due', 'non_renewing')" %}
{% set in_delivery = "' in the delivery of ' || cast(was_on as varchar)" %}
{% set gaps = [
    {
        'gap': 'runs_again',
        'condition': "was = 'over'",
        'what': "'Subscription ' || subscription_id || ' was over' || " ~ in_delivery
            ~ " || ' and runs now: the days between count as paid, it never was gone'",
        'since': 'was_on',
        'remedy': 'Deliver its items with the day they ended and the day they began again, or a '
            ~ 'subscription of its own for what began again',
        'severity': 'warning',
    },
    {
        'gap': 'pause_not_told',
        'condition': "was = 'paused'",
        'what': "'Subscription ' || subscription_id || ' was paused' || " ~ in_delivery
            ~ " || ', and now nothing tells a pause: its days count as paid'",
        'since': 'was_on',
        'remedy': 'Deliver paused_from and paused_until after the pause, too',
        'severity': 'warning',
    },
    {
        'gap': 'currency_changed',
        'condition': "was = 'currency'",
        'what': "'Subscription ' || subscription_id || ' was in ' || was_currency || "
            ~ in_delivery ~ " || ' and is in ' || currency || ' now: its past counts in '"
            ~ " || currency || ', too'",
        'since': 'was_on',
        'remedy': 'End it, and deliver what goes on in another currency as a subscription of its '
            ~ 'own',
        'severity': 'warning',
    },
] %}

with states as (
    select
        subscription_id,
        account_id,
        meaning,
        paused_from,
        service_end,
        arr
    from {{ ref('int_files_weighed_states') }}
),

subscriptions as (
    select
        subscription_id,
        currency,
        paused_from
    from {{ ref('stg_files__subscriptions') }}
),

meanings as (
    select distinct
        {{ folded_word('value') }} as word,
        meaning
    from {{ ref('vocabulary') }}
    where field = 'subscription_status'
),

lines as (
    select
        subscription_id,
        max(valid_from) as last_line_from
    from {{ ref('int_files_items') }}
    group by subscription_id
),

versions as (
    select
        versions.subscription_id,
        versions.delivered_on,
        versions.currency,
        meanings.meaning,
        coalesce(versions.ended_on, versions.current_term_end, versions.delivered_on) as ended_on
    from {{ ref('stg_files__subscription_versions') }} as versions
    left outer join meanings
        on {{ folded_word('versions.status') }} = meanings.word
    where versions.delivered_on <= {{ as_of_date() }}
),

compared as (
    select
        states.subscription_id,
        states.account_id,
        states.arr,
        subscriptions.currency,
        versions.currency as was_currency,
        versions.delivered_on as was_on,
        states.meaning in {{ running }} and coalesce(
            states.service_end > {{ as_of_date() }}, true
        ) as is_running,
        versions.meaning,
        versions.ended_on,
        subscriptions.paused_from,
        lines.last_line_from
    from states
    inner join subscriptions
        on states.subscription_id = subscriptions.subscription_id
    inner join versions
        on states.subscription_id = versions.subscription_id
    left outer join lines
        on states.subscription_id = lines.subscription_id
),

-- A version of a line that begins later tells when it began again.
told as (
    select
        *,
        case
            when
                is_running
                and meaning in ('canceled', 'ended', 'unpaid')
                and ended_on <= was_on
                and coalesce(last_line_from <= ended_on, true)
                then 'over'
            when
                is_running
                and meaning = 'paused'
                and paused_from is null
                and coalesce(last_line_from <= was_on, true)
                then 'paused'
        end as was
    from compared
    union all
    select
        *,
        'currency' as was
    from compared
    where was_currency <> currency and arr <> 0
),

newest as (
    select *
    from told
    where was is not null
    qualify
        row_number() over (
            partition by subscription_id, was
            order by was_on desc, was_currency asc
        ) = 1
),

final as (
    {{- gap_rows('newest', 'subscription', 'subscription_id', gaps) }}
)

select * from final
