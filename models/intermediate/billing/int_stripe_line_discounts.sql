-- Grain: one row per Stripe line version, discount on it and day from which it takes off the same.
-- As Stripe takes them off: those of the item first, then those of the subscription, each list in its
-- order; those of the customer only while the subscription has none. An amount is for all that is
-- billed at once: it is spread over the licensed lines that are billed most often, by what the
-- discounts of the items leave of them, and percentages after it make it smaller. `once` changes an
-- invoice, not the line. told_by is the source of what a discount takes off: an object, lines of
-- invoices, nothing (also where an amount has no figure in the line's currency): it takes off nothing.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with candidates as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        scope,
        stack_number,
        discount_id,
        told_by,
        duration,
        is_of_line,
        percent_off,
        amount_off,
        interval_amount,
        billings_per_year,
        active_from,
        active_to,
        valid_to
    from {{ ref('int_stripe_discount_candidates') }}
    where
        active_from < active_to
        and coalesce(duration, 'unknown') <> 'once'
),

days as (
    select
        subscription_id,
        valid_from,
        active_from as day
    from candidates
    union
    select
        subscription_id,
        valid_from,
        active_to as day
    from candidates
),

segments as (
    select
        subscription_id,
        valid_from,
        day as segment_from,
        lead(day) over (partition by subscription_id, valid_from order by day) as segment_to
    from days
),

-- A customer's discount waits while the subscription has one of its own.
in_force as (
    select
        candidates.*,
        case when candidates.percent_off > 0 then 1 - candidates.percent_off / 100.0 else 1 end
            as share,
        segments.segment_from,
        case
            when segments.segment_to < coalesce(candidates.valid_to, cast('9999-12-31' as date))
                then segments.segment_to
        end as segment_to
    from candidates
    inner join segments
        on
            candidates.subscription_id = segments.subscription_id
            and candidates.valid_from = segments.valid_from
            and candidates.active_from <= segments.segment_from
            and candidates.active_to > segments.segment_from
    qualify
        candidates.scope <> 'customer'
        or not bool_or(candidates.scope = 'subscription') over (
            partition by
                candidates.subscription_id, candidates.valid_from, segments.segment_from
        )
),

stacked as (
    select
        *,
        coalesce(product(share) over later, 1) as later_share,
        coalesce(product(case when scope = 'item' then share else 1 end) over later, 1)
            as later_item_share
    from in_force
    where is_of_line
    window later as (
        partition by subscription_item_id, valid_from, segment_from
        order by stack_number
        rows between 1 following and unbounded following
    )
),

-- What the discounts of the item itself leave of the line.
left_over as (
    select
        *,
        cast(
            greatest(
                interval_amount * product(case when scope = 'item' then share else 1 end) over line
                - sum(
                    case
                        when scope = 'item' then coalesce(amount_off, 0) * later_item_share
                        else 0
                    end
                ) over line,
                0
            ) as decimal(28, 4)
        ) as left_amount
    from stacked
    window line as (partition by subscription_item_id, valid_from, segment_from)
),

-- The lines that an amount is spread over: those of the shortest interval that cost something.
bearing as (
    select
        *,
        scope <> 'item'
        and left_amount > 0
        and billings_per_year = max(case when left_amount > 0 then billings_per_year end) over (
            partition by subscription_id, valid_from, segment_from, discount_id
        ) as is_bearing
    from left_over
),

-- Shares are cut from the running sum, so that they add up to the amount.
spread as (
    select
        *,
        sum(left_amount) over (bill order by subscription_item_id) as left_until,
        sum(left_amount) over bill as left_in_all
    from bearing
    window bill as (
        partition by subscription_id, valid_from, segment_from, discount_id, is_bearing
    )
),

amounts as (
    select
        *,
        case
            when scope = 'item' then amount_off
            when is_bearing
                then
                    round(amount_off * cast(left_until as double) / left_in_all, 4)
                    - round(
                        amount_off * cast(left_until - left_amount as double) / left_in_all, 4
                    )
        end as own_amount_off
    from spread
),

final as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        discount_id,
        scope,
        told_by,
        duration,
        percent_off,
        cast(own_amount_off * later_share as decimal(18, 4)) as amount_off,
        segment_from as discount_from,
        segment_to as discount_to
    from amounts
    where
        percent_off is not null
        or own_amount_off is not null
        or told_by in ('nothing', 'other_currency')
)

select * from final
