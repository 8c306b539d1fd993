-- Grain: one row per Stripe line version, discount on it and day from which it takes off the same.
-- As Stripe takes them off: those of the item first, then those of the subscription or else of the
-- customer, each list in its order. An amount is for all that is billed at once: it is spread over
-- the licensed lines that are billed most often, by what the discounts of the items leave of them,
-- and percentages after it make it smaller. told_by is the source of what a discount takes off: an
-- object, lines of invoices, nothing, or other_currency (an amount without a figure in the line's
-- currency). The last two take off nothing.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with stretches as (
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
        later_share,
        left_amount
    from {{ ref('int_stripe_discount_stretches') }}
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
    from stretches
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

worked_out as (
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
        segment_from,
        segment_to
    from amounts
    where
        percent_off is not null
        or own_amount_off is not null
        or told_by in ('nothing', 'other_currency')
),

-- What goes on unchanged when another discount begins or ends is one row.
flagged as (
    select
        *,
        case
            when
                lag(segment_to) over history = segment_from
                and coalesce(lag(amount_off) over history = amount_off, amount_off is null)
                then 0
            else 1
        end as is_first
    from worked_out
    window history as (
        partition by subscription_item_id, valid_from, discount_id
        order by segment_from
    )
),

numbered as (
    select
        *,
        sum(is_first) over (
            partition by subscription_item_id, valid_from, discount_id
            order by segment_from
        ) as row_in_version
    from flagged
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
        min(segment_from) as discount_from,
        case when count(*) = count(segment_to) then max(segment_to) end as discount_to
    from numbered
    group by
        subscription_item_id,
        subscription_id,
        valid_from,
        discount_id,
        scope,
        told_by,
        duration,
        percent_off,
        amount_off,
        row_in_version
)

select * from final
