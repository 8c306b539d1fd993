-- Grain: one row per Stripe line version, discount and stretch of days with the same discounts.
-- In which order discounts are taken off, and what those of the item leave of the line. A
-- customer's discount waits while the subscription has one of its own; `once` changes an invoice,
-- not the line.
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
        ends_on,
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

in_force as (
    select
        candidates.*,
        1 - candidates.percent_off / 100.0 as share,
        segments.segment_from,
        case
            when segments.segment_to < coalesce(candidates.valid_to, cast('9999-12-31' as date))
                then segments.segment_to
            else candidates.ends_on
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
        coalesce(product(case when scope = 'item' then share end) over later, 1)
            as later_item_share
    from in_force
    where is_of_line
    window later as (
        partition by subscription_item_id, valid_from, segment_from
        order by stack_number
        rows between 1 following and unbounded following
    )
),

left_over as (
    select
        *,
        cast(
            greatest(
                interval_amount
                * coalesce(product(case when scope = 'item' then share end) over line, 1)
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
        amount_off,
        billings_per_year,
        segment_from,
        segment_to,
        cast(later_share as decimal(18, 8)) as later_share,
        left_amount
    from left_over
)

select * from final
