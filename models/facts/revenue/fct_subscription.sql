-- Grain: one row per billing system and subscription, as known at the as-of date.
with subscriptions as (
    select
        source_system,
        subscription_id,
        customer_key,
        status,
        started_on,
        ended_on,
        cancel_requested_at,
        cancel_reason,
        is_payment_failure,
        term_start,
        term_end,
        currency,
        is_auto_renewed
    from {{ ref('int_billing_subscriptions') }}
),

customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
),

account_merges as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

lines as (
    select
        source_system,
        subscription_id,
        sum(arr) as arr,
        sum(seats) as seats,
        bool_or(is_paused) as is_paused
    from {{ ref('int_arr_line_intervals') }}
    where
        valid_from <= {{ as_of_date() }}
        and coalesce(valid_to > {{ as_of_date() }}, true)
    group by
        source_system,
        subscription_id
),

final as (
    select
        subscriptions.source_system,
        subscriptions.subscription_id,
        coalesce(
            account_merges.survivor_account_id, customers.account_id, 'unassigned'
        ) as account_id,
        subscriptions.status,
        subscriptions.started_on,
        subscriptions.ended_on,
        subscriptions.cancel_requested_at,
        subscriptions.cancel_reason,
        subscriptions.is_payment_failure,
        subscriptions.term_start,
        subscriptions.term_end,
        subscriptions.currency,
        cast(coalesce(lines.arr, 0) as decimal(18, 2)) as arr,
        cast(coalesce(lines.seats, 0) as decimal(18, 4)) as seats,
        coalesce(lines.arr > 0, false) as is_active,
        coalesce(lines.is_paused, false) as is_paused,
        case when subscriptions.ended_on is null then subscriptions.is_auto_renewed end
            as auto_renew
    from subscriptions
    left outer join customers
        on
            subscriptions.source_system = customers.source_system
            and subscriptions.customer_key = customers.system_key
    left outer join account_merges
        on customers.account_id = account_merges.account_id
    left outer join lines
        on
            subscriptions.source_system = lines.source_system
            and subscriptions.subscription_id = lines.subscription_id
)

select * from final
