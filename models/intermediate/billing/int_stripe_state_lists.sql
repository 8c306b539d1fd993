-- Grain: one row per state of a Stripe subscription that is paid for: is its list of items whole?
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with states as (
    select
        subscription_id,
        customer_id,
        valid_from,
        state_source,
        state_key
    from {{ ref('int_stripe_subscription_states') }}
    where
        {{ is_billable_status('status') }}
        and valid_from <= {{ as_of_date() }}
),

items as (
    select
        subscription_id,
        state_source,
        state_key,
        count(*) as known_items
    from {{ ref('int_stripe_state_items') }}
    group by
        subscription_id,
        state_source,
        state_key
),

lists as (
    select
        subscription_id,
        state_source,
        state_key,
        max(listed_items) as listed_items,
        max(total_items) as total_items
    from {{ ref('int_stripe_listed_items') }}
    where is_cut
    group by
        subscription_id,
        state_source,
        state_key
),

final as (
    select
        states.subscription_id,
        states.customer_id,
        states.valid_from,
        coalesce(items.known_items, 0) as known_items,
        lists.listed_items,
        lists.total_items,
        case
            when items.known_items is null then 'items_missing'
            when lists.subscription_id is null then 'whole'
            when
                coalesce(
                    items.known_items < lists.total_items,
                    items.known_items = lists.listed_items
                )
                then 'items_not_listed'
            when lists.total_items is null then 'items_uncounted'
            else 'items_from_invoices'
        end as gap
    from states
    left outer join items
        on
            states.subscription_id = items.subscription_id
            and states.state_source = items.state_source
            and states.state_key = items.state_key
    left outer join lists
        on
            states.subscription_id = lists.subscription_id
            and states.state_source = lists.state_source
            and states.state_key = lists.state_key
)

select * from final
