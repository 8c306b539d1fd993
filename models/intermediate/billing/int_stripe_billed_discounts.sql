-- Grain: one row per Stripe subscription and discount that lines of its invoices name.
-- What lines for whole periods say of a discount: from when to when it was billed, and what it took
-- off in its last period: whole and half per cents of what discounts before it left are a
-- percentage, else an amount. It ends with the last period that has it, or goes on where that is
-- the last that was billed. A percentage that other items of its periods never have is of its item.
-- A void bill tells of a period that has no other: the discount was in force when Stripe made it.
-- missing_from: the first period after it that was billed without any discount. One that is billed
-- with another says nothing: a discount of the subscription hides that of its customer.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with lines as (
    select
        subscription_id,
        invoice_id,
        line_item_id,
        subscription_item_id,
        amount,
        currency,
        issued_at,
        period_start,
        period_end
    from {{ ref('int_stripe_recurring_lines') }}
    where
        is_whole_period
        and amount > 0
        and subscription_id is not null
    qualify not is_void or bool_and(is_void) over (partition by subscription_id, period_start)
),

whole_periods as (
    select
        *,
        count(*) over (partition by subscription_id, period_start) as lines_in_period,
        max(period_start) over (partition by subscription_id) as last_billed_on
    from lines
),

-- The discounts of a line stand in the order in which they were taken off.
line_discounts as (
    select
        invoice_id,
        line_item_id,
        discount_id,
        amount,
        amount_minor,
        coalesce(
            sum(amount) over (
                partition by invoice_id, line_item_id
                order by place
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as amount_before
    from {{ ref('stg_stripe__invoice_line_discounts') }}
    where discount_id is not null
),

taken_off as (
    select
        whole_periods.subscription_id,
        whole_periods.subscription_item_id,
        whole_periods.currency,
        whole_periods.issued_at,
        whole_periods.period_start,
        whole_periods.period_end,
        whole_periods.lines_in_period,
        whole_periods.last_billed_on,
        line_discounts.discount_id,
        line_discounts.amount_minor,
        whole_periods.amount - line_discounts.amount_before as amount,
        line_discounts.amount as discount_amount,
        line_discounts.amount / line_discounts.amount_minor as minor_unit,
        round(
            line_discounts.amount * 200.0
            / nullif(whole_periods.amount - line_discounts.amount_before, 0)
        ) / 2 as percent_off
    from whole_periods
    inner join line_discounts
        on
            whole_periods.invoice_id = line_discounts.invoice_id
            and whole_periods.line_item_id = line_discounts.line_item_id
            and line_discounts.amount_minor <> 0
),

by_period as (
    select
        subscription_id,
        discount_id,
        period_start,
        max(currency) as currency,
        max(issued_at) as issued_at,
        max(period_end) as period_end,
        sum(amount_minor) as amount_minor,
        max(percent_off) as percent_off,
        coalesce(
            max(percent_off) = min(percent_off)
            and max(abs(amount * percent_off / 100 - discount_amount) / minor_unit) < 1.001,
            false
        ) as is_percentage,
        min(subscription_item_id) as first_item_id,
        max(subscription_item_id) as last_item_id,
        max(lines_in_period) as lines_in_period,
        max(last_billed_on) as last_billed_on
    from taken_off
    group by
        subscription_id,
        discount_id,
        period_start
),

plain_periods as (
    select
        whole_periods.subscription_id,
        whole_periods.period_start
    from whole_periods
    left outer join line_discounts
        on
            whole_periods.invoice_id = line_discounts.invoice_id
            and whole_periods.line_item_id = line_discounts.line_item_id
    group by
        whole_periods.subscription_id,
        whole_periods.period_start
    having count(line_discounts.discount_id) = 0
),

summed as (
    select
        subscription_id,
        discount_id,
        count(*) as periods,
        max(issued_at) as last_issued_at,
        min(period_start) as first_billed_on,
        max(period_start) as last_billed_on,
        case when max(period_start) < max(last_billed_on) then max(period_end) end as ends_on,
        max_by(currency, period_start) as currency,
        cast(
            case when max_by(is_percentage, period_start) then max_by(percent_off, period_start) end
            as decimal(9, 4)
        ) as percent_off,
        cast(
            case
                when not max_by(is_percentage, period_start)
                    then max_by(amount_minor, period_start)
            end as decimal(18, 0)
        ) as amount_off_minor,
        case
            when
                min(first_item_id) = max(last_item_id)
                and max(lines_in_period) > 1
                and max_by(is_percentage, period_start)
                then max(last_item_id)
        end as only_item_id
    from by_period
    group by
        subscription_id,
        discount_id
),

final as (
    select
        summed.*,
        (
            select min(plain_periods.period_start)
            from plain_periods
            where
                summed.subscription_id = plain_periods.subscription_id
                and summed.last_billed_on < plain_periods.period_start
        ) as missing_from
    from summed
)

select * from final
