-- Grain: one row per state of a Stripe subscription and discount on it or on an item of it.
-- On the subscription and on its items: as the object has them, in the order of its lists. On the
-- customer: for every subscription of the customer, as long as the customer has it; where only
-- bills tell it, for those that were not billed without it since, until they are billed without
-- any. By invoices: what was billed and no list names, from the first period that has it to the end
-- of the last.
{{ config(enabled=source_is_on('billing', 'stripe')) }}
{% set columns = [
    'subscription_id', 'state_source', 'state_key', 'valid_from', 'scope', 'subscription_item_id',
    'discount_id', 'place', 'had_from', 'had_until',
] %}

with states as (
    select
        subscription_id,
        state_source,
        state_key,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        customer_id,
        coalesce({{ is_over('status') }}, false) as is_over,
        min(case when state_source <> 'invoice' then valid_from end) over (
            partition by subscription_id
        ) as told_from
    from {{ ref('int_stripe_subscription_states') }}
),

mentions as (
    select
        holder,
        holder_key,
        subscription_id,
        subscription_item_id,
        discount_id,
        place
    from {{ ref('int_stripe_discount_mentions') }}
    where holder in ('event', 'load', 'invoice')
),

customer_discounts as (
    select
        customer_id,
        discount_id,
        held_on,
        coalesce(gone_on, cast('9999-12-31' as date)) as gone_on,
        is_only_billed
    from {{ ref('int_stripe_customer_discounts') }}
),

bills as (
    select
        subscription_id,
        max(period_start) as last_billed_on
    from {{ ref('int_stripe_recurring_lines') }}
    where
        is_whole_period
        and amount > 0
    group by subscription_id
),

billed as (
    select
        subscription_id,
        discount_id,
        first_billed_on,
        last_billed_on,
        coalesce(ends_on, cast('9999-12-31' as date)) as ends_on,
        missing_from
    from {{ ref('int_stripe_billed_discounts') }}
),

listed as (
    select
        states.subscription_id,
        states.state_source,
        states.state_key,
        states.valid_from,
        states.is_over,
        case when mentions.subscription_item_id is null then 'subscription' else 'item' end
            as scope,
        mentions.subscription_item_id,
        mentions.discount_id,
        mentions.place,
        cast(null as date) as had_from,
        cast('9999-12-31' as date) as had_until
    from states
    inner join mentions
        on
            states.subscription_id = mentions.subscription_id
            and states.state_source = mentions.holder
            -- What invoices tell is bounded by them and by the discounts, not by a list.
            and (states.state_source = 'invoice' or states.state_key = mentions.holder_key)
),

inherited as (
    select
        states.subscription_id,
        states.state_source,
        states.state_key,
        states.valid_from,
        'customer' as scope,
        cast(null as varchar) as subscription_item_id,
        customer_discounts.discount_id,
        0 as place,
        cast(null as date) as had_from,
        case
            when customer_discounts.is_only_billed
                then least(customer_discounts.gone_on, billed.missing_from)
            else customer_discounts.gone_on
        end as had_until
    from states
    inner join customer_discounts
        on
            states.customer_id = customer_discounts.customer_id
            and states.valid_from < customer_discounts.gone_on
    left outer join billed
        on
            states.subscription_id = billed.subscription_id
            and customer_discounts.discount_id = billed.discount_id
    left outer join bills
        on states.subscription_id = bills.subscription_id
    where
        not customer_discounts.is_only_billed
        or billed.discount_id is not null
        or coalesce(bills.last_billed_on < customer_discounts.held_on, true)
),

-- What only the end lists says nothing of the time before it.
named as (
    select
        subscription_id,
        discount_id
    from listed
    where not is_over
    union
    select
        subscription_id,
        discount_id
    from inherited
),

-- What only bills of the time before the first event name ends with that time.
only_billed as (
    select
        states.subscription_id,
        states.state_source,
        states.state_key,
        states.valid_from,
        'invoice' as scope,
        cast(null as varchar) as subscription_item_id,
        billed.discount_id,
        row_number() over (
            partition by states.subscription_id, states.valid_from
            order by billed.first_billed_on, billed.discount_id
        ) - 1 as place,
        billed.first_billed_on as had_from,
        billed.ends_on as had_until
    from states
    inner join billed
        on
            states.subscription_id = billed.subscription_id
            and states.valid_from < billed.ends_on
            and states.valid_to > billed.first_billed_on
            and (states.state_source = 'invoice' or states.told_from <= billed.last_billed_on)
    left outer join named
        on
            billed.subscription_id = named.subscription_id
            and billed.discount_id = named.discount_id
    where named.discount_id is null
),

united as (
    select
        {{ each_column(columns, '@') }}
    from listed
    union all
    select * from inherited
    union all
    select * from only_billed
),

-- A customer's discount that a list of the subscription names as well is one discount.
final as (
    select
        {{ each_column(columns, '@') }}
    from united
    qualify
        row_number() over (
            partition by subscription_id, valid_from, discount_id, subscription_item_id
            order by scope = 'customer', scope = 'invoice', place
        ) = 1
)

select * from final
