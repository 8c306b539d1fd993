-- Stripe keeps events for some thirty days; before the first known one, invoices tell the terms of
-- a subscription. Named here is whose past neither tells: without any recurring invoice line of
-- that time what came after it stands for it all, and where invoices begin after the subscription
-- did (or after its trial), their earliest terms reach back. Load older invoices or events, or
-- bring the history as files (subscription_items). Trials and what was never paid bear no ARR and
-- need none.
{{ config(
    severity='warn',
    enabled=source_is_on('billing', 'stripe'),
    meta={'dagster': {'ref': {'name': 'int_stripe_invoiced_states'}}}
) }}

with gaps as (
    select
        subscription_id,
        started_on,
        told_from
    from {{ ref('int_stripe_event_gaps') }}
),

lines as (
    select
        subscription_id,
        min(period_start) as invoiced_from
    from {{ ref('int_stripe_invoiced_lines') }}
    group by subscription_id
),

turns as (
    select
        subscription_id,
        trial_from,
        trial_to
    from {{ ref('int_stripe_invoiced_turns') }}
),

paying as (
    select distinct subscription_id
    from {{ ref('int_stripe_invoiced_states') }}
    where status not in ('trialing', 'incomplete')
),

-- A state that is over on the day on which it begins never held: a trial that was not bought.
held as (
    select distinct subscription_id
    from {{ ref('int_stripe_subscription_states') }}
    where status not in ('trialing', 'incomplete', 'incomplete_expired', 'canceled')
),

final as (
    select
        gaps.subscription_id,
        gaps.started_on,
        lines.invoiced_from,
        gaps.told_from
    from gaps
    inner join paying
        on gaps.subscription_id = paying.subscription_id
    inner join held
        on gaps.subscription_id = held.subscription_id
    inner join turns
        on gaps.subscription_id = turns.subscription_id
    left outer join lines
        on gaps.subscription_id = lines.subscription_id
    where
        lines.invoiced_from is null
        or lines.invoiced_from > case
            when turns.trial_from <= gaps.started_on then turns.trial_to
            else gaps.started_on
        end
)

select * from final
