-- Grain: one row per subscription item and day from which a version of it holds (files).
{{ config(enabled=source_is_on('billing', 'files')) }}

with items as (
    select
        subscription_item_id,
        subscription_id,
        valid_from,
        valid_to,
        plan_id,
        product_id,
        quantity,
        unit_amount,
        billing_interval,
        interval_count,
        usage_type
    from {{ ref('stg_files__subscription_items') }}
),

subscriptions as (
    select
        subscription_id,
        account_id,
        status,
        cast(started_at as date) as started_on,
        current_term_end,
        cast(cancel_requested_at as date) as cancel_requested_on,
        cast(ended_at as date) as ended_on,
        currency,
        is_trial,
        paused_from,
        paused_until
    from {{ ref('stg_files__subscriptions') }}
),

plans as (
    select
        plan_id,
        product_id,
        currency,
        usage_type
    from {{ ref('stg_files__plans') }}
),

-- A subscription that is over without saying when ended with its term, else when asked to.
service_ends as (
    select
        subscription_id,
        coalesce(
            ended_on,
            case
                when lower(status) in ('canceled', 'cancelled', 'unpaid', 'expired')
                    then coalesce(current_term_end, cancel_requested_on, started_on)
            end
        ) as service_end
    from subscriptions
),

-- A version that was left open ends where the next one of its item begins. What lies ahead does
-- not count yet, but for a contract that has not started: that is signed, not running.
versions as (
    select
        items.*,
        least(
            coalesce(items.valid_to, cast('9999-12-31' as date)),
            coalesce(
                lead(items.valid_from) over (
                    partition by items.subscription_item_id order by items.valid_from
                ),
                cast('9999-12-31' as date)
            )
        ) as version_end
    from items
    inner join subscriptions
        on items.subscription_id = subscriptions.subscription_id
    where
        items.valid_from <= {{ as_of_date() }}
        or subscriptions.started_on > {{ as_of_date() }}
),

joined as (
    select
        versions.subscription_item_id,
        greatest(versions.valid_from, subscriptions.started_on) as valid_from,
        nullif(
            least(
                versions.version_end,
                coalesce(service_ends.service_end, cast('9999-12-31' as date))
            ),
            cast('9999-12-31' as date)
        ) as valid_to,
        versions.subscription_id,
        subscriptions.account_id as customer_id,
        coalesce(versions.product_id, plans.product_id) as product_id,
        versions.plan_id as price_id,
        versions.quantity,
        versions.unit_amount,
        cast(null as decimal(28, 4)) as interval_amount,
        upper(
            coalesce(
                subscriptions.currency, plans.currency, '{{ var("reporting_currency") }}'
            )
        ) as currency,
        versions.billing_interval,
        coalesce(versions.interval_count, 1) as interval_count,
        coalesce(versions.usage_type, plans.usage_type, 'licensed') as usage_type,
        versions.valid_from as item_valid_from,
        case
            when coalesce(subscriptions.is_trial, false)
                then 'trialing'
            -- The status says what holds today; what it was on an earlier day is said by the
            -- dates. Only states that bear no revenue at any time count for the past.
            when lower(subscriptions.status) in ('trialing', 'incomplete', 'incomplete_expired')
                then lower(subscriptions.status)
            when
                lower(subscriptions.status) = 'past_due'
                and versions.version_end = cast('9999-12-31' as date)
                then 'past_due'
            else 'active'
        end as status,
        subscriptions.paused_from,
        subscriptions.paused_until,
        versions.valid_from as term_start
    from versions
    inner join subscriptions
        on versions.subscription_id = subscriptions.subscription_id
    inner join service_ends
        on versions.subscription_id = service_ends.subscription_id
    left outer join plans
        on versions.plan_id = plans.plan_id
),

final as (
    select *
    from joined
    where valid_to is null or valid_to > valid_from
)

select * from final
