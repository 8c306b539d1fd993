-- Grain: one row per Stripe subscription item and day from which a version of it holds.
-- Without the tax that a price contains. net_share is null where no bill tells it.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with states as (
    select
        subscription_id,
        valid_from,
        valid_to,
        customer_id,
        status,
        is_paused,
        paused_until,
        currency,
        term_start,
        state_source,
        state_key
    from {{ ref('int_stripe_subscription_states') }}
    -- A line ends with its subscription; what the object still says of it holds no more.
    where status not in ('canceled', 'incomplete_expired')
),

items as (
    select
        subscription_id,
        state_source,
        state_key,
        subscription_item_id,
        price_id,
        quantity,
        term_key
    from {{ ref('int_stripe_state_items') }}
),

prices as (
    select
        term_key,
        product_id,
        currency,
        billing_interval,
        interval_count,
        usage_type,
        unit_amount,
        interval_amount,
        priced_by
    from {{ ref('int_stripe_item_prices') }}
),

shares as (
    select
        subscription_id,
        net_share
    from {{ ref('int_stripe_net_shares') }}
),

final as (
    select
        items.subscription_item_id,
        states.valid_from,
        states.valid_to,
        states.subscription_id,
        states.customer_id,
        prices.product_id,
        items.price_id,
        items.quantity,
        {{ without_tax('prices.unit_amount', 'shares.net_share', 'decimal(18, 4)') }}
            as unit_amount,
        {{ without_tax('prices.interval_amount', 'shares.net_share', 'decimal(28, 4)') }}
            as interval_amount,
        shares.net_share,
        coalesce(prices.currency, states.currency) as currency,
        prices.billing_interval,
        prices.interval_count,
        coalesce(prices.usage_type, 'licensed') as usage_type,
        prices.priced_by,
        states.status,
        case when states.is_paused then states.valid_from end as paused_from,
        states.paused_until,
        -- What is billed by the month or less rolls on: it is agreed once.
        case
            when {{ intervals_per_year('prices.billing_interval') }} < 12 * prices.interval_count
                then states.term_start
        end as term_start
    from states
    inner join items
        on
            states.subscription_id = items.subscription_id
            and states.state_source = items.state_source
            and states.state_key = items.state_key
    inner join prices
        on items.term_key = prices.term_key
    left outer join shares
        on states.subscription_id = shares.subscription_id
)

select * from final
