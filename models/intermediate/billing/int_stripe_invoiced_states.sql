-- Grain: one row per Stripe subscription and day from which invoiced terms hold.
-- The time of which no event tells, up to the first known event. Where no invoice tells it either,
-- what the subscription had just before, or has as the object of today, stands for all that time,
-- as paid for: since when it is due, unpaid, paused or over, nobody says (gap `history_untold`).
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{% set days_of_change = [
    ('gaps', 'started_on'),
    ('items', 'valid_from'),
    ('items', 'valid_to'),
    ('lines', 'case when is_whole_period then period_start end'),
    ('turns', 'trial_from'),
    ('turns', 'trial_to'),
    ('turns', 'unpaid_from'),
    ('turns', 'paused_from'),
] %}

with gaps as (
    select
        subscription_id,
        customer_id,
        status,
        currency,
        term_start,
        term_end,
        created_at,
        started_on,
        told_from
    from {{ ref('int_stripe_event_gaps') }}
),

items as (
    select
        subscription_id,
        subscription_item_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_stripe_invoiced_items') }}
),

lines as (
    select
        subscription_id,
        period_start,
        period_end,
        issued_at,
        is_whole_period
    from {{ ref('int_stripe_invoiced_lines') }}
),

turns as (
    select
        subscription_id,
        trial_from,
        trial_to,
        unpaid_from,
        paused_from
    from {{ ref('int_stripe_invoiced_turns') }}
),

changes as (
    {%- for relation, day in days_of_change %}
    select
        subscription_id,
        {{ day }} as changed_on
    from {{ relation }}
    {{- '\n    union' if not loop.last }}
    {%- endfor %}
),

-- Days within the gap; invoices of a subscription may tell more than that.
in_force as (
    select
        changes.subscription_id,
        changes.changed_on,
        min(case when count(items.subscription_item_id) > 0 then changes.changed_on end) over (
            partition by changes.subscription_id
        ) as first_on
    from changes
    inner join gaps
        on
            changes.subscription_id = gaps.subscription_id
            and changes.changed_on >= gaps.started_on
            and changes.changed_on < gaps.told_from
    left outer join items
        on
            changes.subscription_id = items.subscription_id
            and changes.changed_on >= items.valid_from
            and changes.changed_on < items.valid_to
    group by
        changes.subscription_id,
        changes.changed_on
),

-- Nothing holds before the first items: they reach back to the start.
days as (
    select
        subscription_id,
        changed_on,
        first_on is not null as is_invoiced,
        row_number() over (partition by subscription_id order by changed_on) as state_number
    from in_force
    where changed_on >= coalesce(first_on, changed_on)
),

periods as (
    select
        days.subscription_id,
        days.changed_on,
        coalesce(
            max(case when days.changed_on = lines.period_start then lines.issued_at end),
            cast(days.changed_on as timestamp)
        ) as told_at,
        max(case when lines.is_whole_period then lines.period_start end) as term_start,
        max_by(
            lines.period_end, case when lines.is_whole_period then lines.period_start end
        ) as term_end
    from days
    left outer join lines
        on
            days.subscription_id = lines.subscription_id
            and days.changed_on >= lines.period_start
    group by
        days.subscription_id,
        days.changed_on
),

final as (
    select
        days.subscription_id,
        case when days.state_number = 1 then gaps.started_on else days.changed_on end
            as valid_from,
        gaps.customer_id,
        case
            when turns.trial_from <= days.changed_on and turns.trial_to > days.changed_on
                then 'trialing'
            when
                not days.is_invoiced
                and not coalesce(
                    gaps.status in ('past_due', 'unpaid')
                    -- A pause after a trial is of who never paid, a trial given later of who did.
                    or (gaps.status = 'paused' and turns.trial_to is null)
                    or (gaps.status = 'trialing' and turns.trial_from > days.changed_on),
                    false
                ) then gaps.status
            when turns.unpaid_from <= days.changed_on then 'unpaid'
            else 'active'
        end as status,
        coalesce(turns.paused_from <= days.changed_on, false) as is_paused,
        gaps.currency,
        -- The day whose items it has.
        days.changed_on as items_on,
        case when days.is_invoiced then periods.term_start else gaps.term_start end as term_start,
        case when days.is_invoiced then periods.term_end else gaps.term_end end as term_end,
        -- The first of them was known when the subscription was made.
        case
            when days.state_number = 1 then gaps.created_at
            else greatest(periods.told_at, gaps.created_at)
        end as known_at,
        gaps.started_on,
        days.state_number,
        days.is_invoiced
    from days
    inner join gaps
        on days.subscription_id = gaps.subscription_id
    inner join periods
        on
            days.subscription_id = periods.subscription_id
            and days.changed_on = periods.changed_on
    left outer join turns
        on days.subscription_id = turns.subscription_id
)

select * from final
