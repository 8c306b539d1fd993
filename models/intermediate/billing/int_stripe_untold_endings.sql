-- Grain: one row per Stripe subscription that has ended without a word of its own: when and why.
-- Its day to be cancelled (cancel_at) has passed and nothing since has said otherwise, or its
-- customer was deleted, which cancels what the customer has.
{{ config(enabled=source_is_on('billing', 'stripe')) }}

with last_states as (
    select
        subscription_id,
        customer_id,
        status,
        valid_from,
        state_number,
        case when cast(cancel_at as date) < {{ as_of_date() }} then cast(cancel_at as date) end
            as cancel_on
    from {{ ref('int_stripe_told_states') }}
    qualify row_number() over (partition by subscription_id order by state_number desc) = 1
),

later_events as (
    select distinct subscription_id
    from {{ ref('int_stripe_subscription_events') }}
    where cast(created_at as date) > {{ as_of_date() }}
),

deletions as (
    select
        customer_id,
        cast(deleted_at as date) as deleted_on
    from {{ ref('stg_stripe__customer_deletions') }}
),

customers as (
    select
        customer_id,
        deleted_seen_on,
        is_deleted,
        is_known
    from {{ ref('stg_stripe__customers') }}
),

-- A load after the as-of date says nothing about it, unless there was none before.
deleted_customers as (
    select
        customers.customer_id,
        coalesce(
            deletions.deleted_on,
            case
                when customers.is_known then customers.deleted_seen_on
                else least(customers.deleted_seen_on, {{ as_of_date() }})
            end,
            {{ as_of_date() }}
        ) as deleted_on
    from customers
    left outer join deletions
        on customers.customer_id = deletions.customer_id
    where
        customers.is_deleted
        or deletions.customer_id is not null
),

deleted_subscriptions as (
    select
        last_states.subscription_id,
        deleted_customers.deleted_on
    from last_states
    inner join deleted_customers
        on last_states.customer_id = deleted_customers.customer_id
    left outer join later_events
        on last_states.subscription_id = later_events.subscription_id
    where
        deleted_customers.deleted_on <= {{ as_of_date() }}
        and later_events.subscription_id is null
),

final as (
    select
        last_states.subscription_id,
        last_states.status,
        last_states.customer_id,
        last_states.state_number,
        greatest(
            last_states.valid_from,
            least(last_states.cancel_on, deleted_subscriptions.deleted_on)
        ) as ended_on,
        case
            when last_states.cancel_on <= coalesce(
                deleted_subscriptions.deleted_on, last_states.cancel_on
            ) then 'cancel_at'
            else 'customer_deleted'
        end as told_by
    from last_states
    left outer join deleted_subscriptions
        on last_states.subscription_id = deleted_subscriptions.subscription_id
    where
        coalesce(last_states.cancel_on, deleted_subscriptions.deleted_on) is not null
        and coalesce(not {{ is_over('last_states.status') }}, true)
)

select * from final
