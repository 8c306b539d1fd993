-- Grain: one row per Stripe subscription, state of it (as int_stripe_subscription_states keys them)
-- and item. Items come from event objects, from loaded objects, and, for the time that neither
-- tells, from invoice lines. Where a list was cut at a page, items that invoices bill on that day
-- are added. term_key names what has to be priced: the item with its price, currency and quantity.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with listed as (
    select
        subscription_id,
        state_source,
        state_key,
        told_on,
        currency,
        is_cut,
        subscription_item_id,
        price_id,
        price_key,
        quantity
    from {{ ref('int_stripe_listed_items') }}
),

invoiced_states as (
    select
        subscription_id,
        valid_from,
        items_on,
        is_invoiced
    from {{ ref('int_stripe_invoiced_states') }}
),

invoiced as (
    select
        subscription_id,
        subscription_item_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to,
        currency,
        price_id,
        price_key,
        quantity,
        item_usage_type
    from {{ ref('int_stripe_invoiced_items') }}
),

cut_states as (
    select distinct
        subscription_id,
        state_source,
        state_key,
        told_on
    from listed
    where is_cut
),

cut_away as (
    select
        cut_states.subscription_id,
        cut_states.state_source,
        cut_states.state_key,
        invoiced.subscription_item_id,
        invoiced.currency,
        invoiced.price_id,
        invoiced.price_key,
        invoiced.quantity,
        invoiced.item_usage_type
    from cut_states
    inner join invoiced
        on
            cut_states.subscription_id = invoiced.subscription_id
            and cut_states.told_on >= invoiced.valid_from
            and cut_states.told_on < invoiced.valid_to
    left outer join listed
        on
            cut_states.subscription_id = listed.subscription_id
            and cut_states.state_source = listed.state_source
            and cut_states.state_key = listed.state_key
            and invoiced.subscription_item_id = listed.subscription_item_id
    where listed.subscription_item_id is null
),

told as (
    select
        subscription_id,
        state_source,
        state_key,
        subscription_item_id,
        currency,
        price_id,
        price_key,
        quantity,
        cast(null as varchar) as item_usage_type
    from listed
    union all
    select
        subscription_id,
        state_source,
        state_key,
        subscription_item_id,
        currency,
        price_id,
        price_key,
        quantity,
        item_usage_type
    from cut_away
),

-- The gap before the first event or load: days that invoices tell, else what was just before it.
keyed as (
    select *
    from told
    where state_source <> 'gap'
    union all
    select
        told.subscription_id,
        'invoice' as state_source,
        cast(invoiced_states.valid_from as varchar) as state_key,
        told.subscription_item_id,
        told.currency,
        told.price_id,
        told.price_key,
        told.quantity,
        told.item_usage_type
    from told
    inner join invoiced_states
        on told.subscription_id = invoiced_states.subscription_id
    where
        told.state_source = 'gap'
        and not invoiced_states.is_invoiced
    union all
    select
        invoiced.subscription_id,
        'invoice' as state_source,
        cast(invoiced_states.valid_from as varchar) as state_key,
        invoiced.subscription_item_id,
        invoiced.currency,
        invoiced.price_id,
        invoiced.price_key,
        invoiced.quantity,
        invoiced.item_usage_type
    from invoiced
    inner join invoiced_states
        on
            invoiced.subscription_id = invoiced_states.subscription_id
            and invoiced.valid_from <= invoiced_states.items_on
            and invoiced.valid_to > invoiced_states.items_on
    where invoiced_states.is_invoiced
),

final as (
    select
        *,
        md5(
            coalesce(subscription_item_id, '')
            || '|' || coalesce(price_key, price_id, '')
            || '|' || coalesce(currency, '')
            || '|' || coalesce(cast(quantity as varchar), '')
        ) as term_key
    from keyed
)

select * from final
