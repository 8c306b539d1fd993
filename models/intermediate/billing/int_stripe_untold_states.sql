-- Grain: one row per Stripe subscription, gap and what shows it: too little is told of its state.
-- A status that Stripe does not have; an end, a start or the end of a trial that must have come and
-- that nothing tells; a subscription that goes on and is not among those delivered; a paid past of
-- which neither events nor invoices tell.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with states as (
    select
        subscription_id,
        customer_id,
        status,
        is_paused,
        trial_to,
        end_date,
        known_at,
        state_source,
        valid_from,
        valid_to
    from {{ ref('int_stripe_subscription_states') }}
),

invoiced as (
    select
        subscription_id,
        min(period_start) as invoiced_from
    from {{ ref('int_stripe_invoiced_lines') }}
    group by subscription_id
),

-- Trials and what was never paid bear no ARR and need no history; invoices that begin after the
-- subscription did, or after its trial, tell nothing of what was before them.
untold_pasts as (
    select
        states.subscription_id,
        max(states.customer_id) as customer_id,
        min(states.valid_from) as untold_from,
        coalesce(max(invoiced.invoiced_from), max(states.valid_to)) as untold_to
    from states
    left outer join invoiced
        on states.subscription_id = invoiced.subscription_id
    where
        states.state_source = 'invoice'
        and states.status = 'active'
        and not states.is_paused
    group by states.subscription_id
    having
        coalesce(max(invoiced.invoiced_from) > min(states.valid_from), true)
),

versions as (
    select distinct subscription_id
    from {{ ref('stg_stripe__subscription_versions') }}
),

endings as (
    select
        subscription_id,
        customer_id,
        status,
        ended_on,
        told_by
    from {{ ref('int_stripe_untold_endings') }}
),

last_states as (
    select
        states.*,
        versions.subscription_id is not null as is_delivered,
        max(versions.subscription_id) over () is not null as are_objects_delivered
    from states
    left outer join versions
        on states.subscription_id = versions.subscription_id
    where states.valid_to is null
),

final as (
    select
        subscription_id,
        'status_unknown' as gap,
        coalesce(status, 'none') as shown_by,
        max(customer_id) as customer_id,
        min(valid_from) as since,
        concat(
            'its status is ''', coalesce(status, 'none'), ''', which is not one of incomplete, ',
            'incomplete_expired, trialing, active, past_due, canceled, unpaid, paused; it bears ',
            'no ARR while it is'
        ) as what_is_missing
    from states
    where not {{ is_stripe_status("coalesce(status, 'none')") }}
    group by
        subscription_id,
        status
    union all
    select
        subscription_id,
        'end_untold' as gap,
        told_by as shown_by,
        customer_id,
        ended_on as since,
        case told_by
            when 'cancel_at'
                then concat(
                    'it was ', status, ' and to be cancelled on ', cast(ended_on as varchar),
                    ', and nothing tells that it was; it counts as ended that day'
                )
            else concat(
                'it was ', status, ' when its customer ', customer_id, ' was deleted by ',
                cast(ended_on as varchar), ', which ends it; it counts as ended that day'
            )
        end as what_is_missing
    from endings
    union all
    select
        subscription_id,
        'end_untold' as gap,
        'ended_at' as shown_by,
        customer_id,
        valid_from as since,
        concat(
            'its object is ', status, ' and does not say since when (ended_at); it counts as ',
            'ended on ', cast(valid_from as varchar), ', when it was loaded'
        ) as what_is_missing
    from last_states
    where
        {{ is_over('status') }}
        and state_source = 'load'
        and end_date is null
    union all
    select
        subscription_id,
        'trial_end_untold' as gap,
        'trial' as shown_by,
        max(customer_id) as customer_id,
        min(trial_to) as since,
        concat(
            'its trial was over on ', cast(min(trial_to) as varchar),
            ' and nothing tells what became of it',
            ' until ' || cast(max(valid_to) as varchar),
            '; it bears no ARR'
        ) as what_is_missing
    from states
    where
        status = 'trialing'
        and trial_to < coalesce({{ add_days('valid_to', -1) }}, {{ as_of_date() }})
    group by subscription_id
    union all
    select
        subscription_id,
        'start_untold' as gap,
        'start' as shown_by,
        customer_id,
        valid_from as since,
        concat(
            'it is incomplete since ', cast(valid_from as varchar), ', which Stripe ends within a ',
            'day, and nothing tells what became of it; it bears no ARR'
        ) as what_is_missing
    from last_states
    where
        status = 'incomplete'
        and valid_from < {{ add_days(as_of_date(), -1) }}
    union all
    select
        subscription_id,
        'object_missing' as gap,
        'object' as shown_by,
        customer_id,
        cast(known_at as date) as since,
        concat(
            'it is ', status, ' by its last event of ', cast(cast(known_at as date) as varchar),
            ', and it is not among the subscriptions that were delivered'
        ) as what_is_missing
    from last_states
    where
        not {{ is_over('status') }}
        and are_objects_delivered
        and not is_delivered
    union all
    select
        subscription_id,
        'history_untold' as gap,
        'history' as shown_by,
        customer_id,
        untold_from as since,
        concat(
            'neither events nor invoices tell what it had from ', cast(untold_from as varchar),
            ' to ', cast(untold_to as varchar),
            '; for that time it counts as paid, with the items and prices that are told next'
        ) as what_is_missing
    from untold_pasts
)

select * from final
