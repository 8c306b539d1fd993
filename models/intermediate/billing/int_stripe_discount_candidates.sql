-- Grain: one row per Stripe line version and discount that applies to it, whether in force or not.
-- What its subscription has, its customer, or the item; is_of_line is false for what is limited to
-- other products. Of an amount that has none in the line's currency nobody knows what it takes off.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with versions as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        valid_to,
        product_id,
        currency,
        usage_type,
        billing_interval,
        interval_count,
        net_share,
        coalesce(
            interval_amount, {{ gross_interval_amount('unit_amount', 'quantity') }}
        ) as interval_amount
    from {{ ref('int_stripe_line_versions') }}
),

state_discounts as (
    select
        subscription_id,
        valid_from,
        scope,
        subscription_item_id,
        discount_id,
        place,
        had_from,
        had_until
    from {{ ref('int_stripe_state_discounts') }}
),

discounts as (
    select
        discount_id,
        currency,
        told_by,
        subscription_item_id,
        duration,
        percent_off,
        amount_off_minor,
        starts_on,
        ends_on
    from {{ ref('int_stripe_discounts') }}
),

products as (
    select
        discount_id,
        product_id
    from {{ ref('int_stripe_discount_products') }}
),

limited as (
    select distinct discount_id
    from products
),

given as (
    select
        versions.*,
        state_discounts.scope,
        state_discounts.discount_id,
        state_discounts.place,
        state_discounts.had_from,
        state_discounts.had_until
    from versions
    inner join state_discounts
        on
            versions.subscription_id = state_discounts.subscription_id
            and versions.valid_from = state_discounts.valid_from
            and coalesce(
                versions.subscription_item_id = state_discounts.subscription_item_id, true
            )
    -- What an item's list has counts there, also when the subscription's list has it.
    qualify
        row_number() over (
            partition by
                versions.subscription_item_id,
                versions.valid_from,
                state_discounts.discount_id
            order by state_discounts.scope <> 'item'
        ) = 1
),

-- Of the currencies of an amount the line's own, or the one that does not say which.
priced as (
    select
        given.*,
        discounts.told_by,
        discounts.duration,
        discounts.percent_off,
        {{ from_minor_units('discounts.amount_off_minor', 'given.currency') }} as amount_off,
        discounts.starts_on,
        discounts.ends_on,
        discounts.subscription_item_id as only_item_id,
        coalesce(discounts.currency = given.currency, discounts.currency is null)
            as is_in_currency
    from given
    left outer join discounts
        on given.discount_id = discounts.discount_id
    qualify
        row_number() over (
            partition by given.subscription_item_id, given.valid_from, given.discount_id
            order by discounts.currency = given.currency desc
        ) = 1
),

final as (
    select
        priced.subscription_item_id,
        priced.subscription_id,
        priced.valid_from,
        priced.valid_to,
        case
            when priced.scope <> 'item' and priced.only_item_id is not null then 'item'
            else priced.scope
        end as scope,
        priced.discount_id,
        case
            when priced.is_in_currency then coalesce(priced.told_by, 'nothing')
            else 'other_currency'
        end as told_by,
        priced.duration,
        priced.percent_off,
        limited.discount_id is null or products.discount_id is not null as is_of_line,
        case
            when priced.is_in_currency
                then {{ without_tax('priced.amount_off', 'priced.net_share', 'decimal(18, 4)') }}
        end as amount_off,
        row_number() over (
            partition by priced.subscription_item_id, priced.valid_from
            order by
                priced.scope <> 'item' and priced.only_item_id is null,
                priced.place,
                priced.discount_id
        ) as stack_number,
        case when priced.usage_type = 'licensed' then priced.interval_amount end as interval_amount,
        cast(
            {{ intervals_per_year('priced.billing_interval') }} as decimal(18, 8)
        ) / priced.interval_count as billings_per_year,
        -- Neither greatest nor least takes a null.
        greatest(priced.valid_from, priced.starts_on, priced.had_from) as active_from,
        least(priced.valid_to, priced.ends_on, priced.had_until) as active_to,
        -- Its own end, which can be later than the version of the line.
        nullif(least(priced.ends_on, priced.had_until), cast('9999-12-31' as date)) as ends_on
    from priced
    left outer join limited
        on priced.discount_id = limited.discount_id
    left outer join products
        on
            priced.discount_id = products.discount_id
            and priced.product_id = products.product_id
    where
        coalesce(
            priced.scope = 'item' or priced.only_item_id = priced.subscription_item_id, true
        )
)

select * from final
