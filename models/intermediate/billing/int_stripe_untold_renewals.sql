-- Grain: one row per Stripe subscription that runs on by what was last told of it, and whose
-- renewal nothing tells: no object, event or bill of a period after the one it was paid for.
-- Others are told of since then: one that had been renewed would have been, too. A list of objects
-- without status=all leaves out who was cancelled.
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{# Days after which a renewal is told wherever one looks, whatever the time zone. #}
{% set renewal_days = 3 %}

with states as (
    select
        subscription_id,
        customer_id,
        status,
        is_paused,
        start_date,
        term_start,
        term_end,
        cast(known_at as date) as known_on,
        valid_to
    from {{ ref('int_stripe_subscription_states') }}
),

-- Who is in a list that was fetched after the as-of date has not vanished from it.
objects as (
    select
        subscription_id,
        max(seen_on) as seen_on,
        max(case when seen_on <= {{ as_of_date() }} then seen_on end) as seen_by_then_on
    from {{ ref('stg_stripe__subscription_versions') }}
    group by subscription_id
),

bills as (
    select
        subscription_id,
        max(period_end) as billed_to
    from {{ ref('int_stripe_recurring_lines') }}
    group by subscription_id
),

-- A period that is not the first: whether renewals are told at all.
news as (
    select
        greatest(
            (select max(seen_by_then_on) from objects),
            (select max(term_start) from states where term_start > start_date)
        ) as told_until,
        (select max(subscription_id) from objects) is not null as are_objects_delivered
),

running as (
    select
        states.subscription_id,
        states.customer_id,
        states.status,
        states.term_end,
        {{ add_days('states.term_end', renewal_days) }} as renewal_told_by,
        greatest(states.known_on, objects.seen_on) as last_told_on,
        objects.subscription_id is not null as is_delivered
    from states
    left outer join objects
        on states.subscription_id = objects.subscription_id
    where
        states.valid_to is null
        and states.status in ('active', 'past_due')
        and not states.is_paused
),

final as (
    select
        running.subscription_id,
        'renewal_untold' as gap,
        'period' as shown_by,
        running.customer_id,
        running.term_end as since,
        concat(
            'it was ', running.status, ' until ', cast(running.term_end as varchar),
            ', and no object, event or bill tells of it since, though others are told of until ',
            cast(news.told_until as varchar), '; it counts as running on'
        ) as what_is_missing
    from running
    cross join news
    left outer join bills
        on running.subscription_id = bills.subscription_id
    where
        running.renewal_told_by <= news.told_until
        -- Of whom no object was ever delivered, that is said (object_missing).
        and (running.is_delivered or not news.are_objects_delivered)
        and running.renewal_told_by > running.last_told_on
        and coalesce(bills.billed_to <= running.term_end, true)
)

select * from final
