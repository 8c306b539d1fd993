-- Grain: one row per Stripe discount and currency of what it takes off.
-- A percentage is of any currency (null), an amount of its coupon's currency and of each option.
-- Told by an object that has the coupon; else by lines of invoices: on one billing period it is
-- `once`, unless the subscription or the customer has it on a later day; else by nothing.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with told as (
    select
        discount_id,
        coupon_id,
        subscription_item_id,
        duration,
        percent_off,
        amount_off_minor,
        currency,
        currency_options,
        starts_on,
        ends_on,
        are_products_told,
        is_in_full
    from {{ ref('int_stripe_told_discounts') }}
),

mentions as (
    select
        holder,
        seen_at,
        discount_id
    from {{ ref('int_stripe_discount_mentions') }}
),

billed as (
    select
        subscription_id,
        discount_id,
        periods,
        first_billed_on,
        last_billed_on,
        last_issued_at,
        ends_on,
        currency,
        percent_off,
        amount_off_minor,
        only_item_id
    from {{ ref('int_stripe_billed_discounts') }}
),

-- From when to when subscriptions and customers are known to have it.
listed as (
    select
        discount_id,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at
    from mentions
    where
        holder in ('load', 'customer')
        or (
            holder in ('event', 'customer_event', 'discount')
            and cast(seen_at as date) <= {{ as_of_date() }}
        )
    group by discount_id
),

options as (
    select
        *,
        {{ json_names('currency_options') }} as option_currency
    from told
    where
        is_in_full
        and percent_off is null
        and currency_options <> 'null'
),

amounts as (
    select
        discount_id,
        currency,
        amount_off_minor
    from told
    where is_in_full and percent_off is null
    union
    select
        discount_id,
        upper(option_currency) as currency,
        try_cast(
            {{ json_text_at('currency_options', "'$.' || option_currency || '.amount_off'") }}
            as decimal(18, 0)
        ) as amount_off_minor
    from options
),

-- Several subscriptions can have the discount of their customer: what it took off last counts.
last_bills as (
    select
        discount_id,
        percent_off,
        amount_off_minor,
        currency,
        only_item_id,
        max(periods) over (partition by discount_id) as periods,
        min(first_billed_on) over (partition by discount_id) as first_billed_on,
        max(last_issued_at) over (partition by discount_id) as last_issued_at,
        max(coalesce(ends_on, cast('9999-12-31' as date))) over (partition by discount_id)
            as ends_on
    from billed
    qualify
        row_number() over (
            partition by discount_id order by last_billed_on desc, subscription_id asc
        ) = 1
),

-- A discount whose coupon nobody has may say all the same when it began and ends.
read_from_lines as (
    select
        last_bills.discount_id,
        told.coupon_id,
        last_bills.percent_off,
        last_bills.amount_off_minor,
        last_bills.currency,
        last_bills.only_item_id as subscription_item_id,
        case
            when
                told.ends_on is not null
                or last_bills.periods > 1
                or cast(listed.last_seen_at as date) > cast(last_bills.last_issued_at as date)
                then 'repeating'
            else 'once'
        end as duration,
        coalesce(
            told.starts_on, least(last_bills.first_billed_on, cast(listed.first_seen_at as date))
        ) as starts_on,
        coalesce(told.ends_on, nullif(last_bills.ends_on, cast('9999-12-31' as date))) as ends_on,
        coalesce(told.starts_on, told.ends_on) is not null as are_days_told
    from last_bills
    left outer join listed
        on last_bills.discount_id = listed.discount_id
    left outer join told
        on last_bills.discount_id = told.discount_id
    where not coalesce(told.is_in_full, false)
),

final as (
    select
        told.discount_id,
        amounts.currency,
        'object' as told_by,
        told.coupon_id,
        told.subscription_item_id,
        told.duration,
        told.percent_off,
        amounts.amount_off_minor,
        told.starts_on,
        told.ends_on,
        true as are_days_told,
        told.are_products_told or last_bills.discount_id is not null as are_products_told
    from told
    left outer join amounts
        on told.discount_id = amounts.discount_id
    left outer join last_bills
        on told.discount_id = last_bills.discount_id
    where told.is_in_full
    union all
    select
        discount_id,
        case when percent_off is null then currency end as currency,
        'invoice_lines' as told_by,
        coupon_id,
        subscription_item_id,
        duration,
        percent_off,
        amount_off_minor,
        starts_on,
        ends_on,
        are_days_told,
        true as are_products_told
    from read_from_lines
    union all
    select
        told.discount_id,
        null as currency,
        'nothing' as told_by,
        told.coupon_id,
        told.subscription_item_id,
        null as duration,
        null as percent_off,
        null as amount_off_minor,
        told.starts_on,
        told.ends_on,
        told.starts_on is not null as are_days_told,
        told.are_products_told
    from told
    left outer join read_from_lines
        on told.discount_id = read_from_lines.discount_id
    where not told.is_in_full and read_from_lines.discount_id is null
)

select * from final
