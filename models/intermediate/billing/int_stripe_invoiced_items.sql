-- Grain: one row per Stripe subscription item and day from which invoiced terms of it hold.
-- A line says price and quantity from the first day of its period. A credit with nothing in its
-- place says that the item was removed, and so does a renewal of the subscription without the item
-- once the item's own period is over. Tiers are billed line by line, but for prorations: their
-- quantities add up, and what is flat has 0.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with lines as (
    select
        subscription_id,
        subscription_item_id,
        line_item_id,
        started_on,
        price_id,
        price_key,
        currency,
        case
            when is_proration then quantity
            else cast(
                sum(quantity) over (
                    partition by
                        subscription_id, subscription_item_id, invoice_id, price_id,
                        period_started_at, period_end, is_proration
                ) as decimal(18, 4)
            )
        end as quantity,
        issued_at,
        usage_type,
        is_proration,
        is_credit,
        is_whole_period,
        period_started_at,
        period_start,
        period_end,
        min(period_started_at) over (
            partition by subscription_id, subscription_item_id
        ) as first_told_at
    from {{ ref('int_stripe_invoiced_lines') }}
),

renewals as (
    select
        subscription_id,
        period_start as renewed_on,
        min(period_start) over (partition by subscription_id) as first_renewed_on
    from lines
    where is_whole_period
    group by
        subscription_id,
        period_start
),

-- What holds at the end of the day: the last change, and of it what replaces what was credited.
daily as (
    select *
    from lines
    qualify
        row_number() over (
            partition by subscription_id, subscription_item_id, period_start
            order by
                period_started_at desc,
                case when is_credit then 1 else 0 end,
                issued_at desc,
                line_item_id desc
        ) = 1
),

-- Where invoices begin after the subscription did, its earliest terms reach back to its start: the
-- items of its first whole period, and what a change took away that no line told before. What came
-- in its place at the same time does not, even if it began a whole period.
first_credits as (
    select *
    from lines
    where is_credit and period_started_at = first_told_at
    qualify
        row_number() over (
            partition by subscription_id, subscription_item_id
            order by issued_at, line_item_id
        ) = 1
),

steps as (
    select
        daily.subscription_id,
        daily.subscription_item_id,
        case
            when
                daily.period_started_at = daily.first_told_at
                and not daily.is_proration
                and daily.period_start = renewals.first_renewed_on
                and first_credits.subscription_item_id is null
                then least(daily.started_on, daily.period_start)
            else daily.period_start
        end as begins_on,
        daily.period_end,
        daily.usage_type,
        daily.is_credit,
        daily.started_on,
        daily.price_id,
        daily.price_key,
        daily.currency,
        daily.quantity
    from daily
    left outer join renewals
        on
            daily.subscription_id = renewals.subscription_id
            and daily.period_start = renewals.renewed_on
    left outer join first_credits
        on
            daily.subscription_id = first_credits.subscription_id
            and daily.subscription_item_id = first_credits.subscription_item_id
    union all
    select
        subscription_id,
        subscription_item_id,
        started_on as begins_on,
        period_end,
        usage_type,
        false as is_credit,
        started_on,
        price_id,
        price_key,
        currency,
        quantity
    from first_credits
    where period_start > started_on
),

followed as (
    select
        *,
        lead(begins_on) over (
            partition by subscription_id, subscription_item_id
            order by begins_on
        ) as next_begins_on
    from steps
),

left_out as (
    select
        followed.subscription_id,
        followed.subscription_item_id,
        followed.begins_on,
        min(renewals.renewed_on) as left_out_on
    from followed
    inner join renewals
        on
            followed.subscription_id = renewals.subscription_id
            and followed.period_end <= renewals.renewed_on
            and followed.begins_on < renewals.renewed_on
    where
        followed.usage_type = 'licensed'
        and not followed.is_credit
    group by
        followed.subscription_id,
        followed.subscription_item_id,
        followed.begins_on
),

bounded as (
    select
        followed.subscription_id,
        followed.subscription_item_id,
        greatest(followed.begins_on, followed.started_on) as valid_from,
        least(
            coalesce(followed.next_begins_on, left_out.left_out_on),
            coalesce(left_out.left_out_on, followed.next_begins_on)
        ) as valid_to,
        followed.is_credit,
        followed.price_id,
        followed.price_key,
        followed.currency,
        followed.quantity,
        followed.usage_type
    from followed
    left outer join left_out
        on
            followed.subscription_id = left_out.subscription_id
            and followed.subscription_item_id = left_out.subscription_item_id
            and followed.begins_on = left_out.begins_on
),

final as (
    select
        subscription_id,
        subscription_item_id,
        valid_from,
        valid_to,
        price_id,
        price_key,
        currency,
        quantity,
        usage_type as item_usage_type
    from bounded
    where
        not is_credit
        and (valid_to is null or valid_from < valid_to)
)

select * from final
