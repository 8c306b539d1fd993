-- Grain: one row per subscription item and day from which a version of it holds (files).
-- A status says what holds today: past due counts from the day since which it is known, and what
-- the contract was before that is active. States without ARR at any time hold for all of it.
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
    from {{ ref('int_files_items') }}
    -- What holds on no day does not end the version before it.
    where coalesce(valid_to > valid_from, true)
),

states as (
    select
        subscription_id,
        account_id,
        started_on,
        service_end,
        line_status,
        past_due_from,
        paused_from,
        paused_until
    from {{ ref('int_files_subscription_states') }}
),

currencies as (
    select
        subscription_id,
        currency
    from {{ ref('stg_files__subscriptions') }}
),

subscriptions as (
    select
        states.*,
        currencies.currency
    from states
    inner join currencies
        on states.subscription_id = currencies.subscription_id
),

plans as (
    select
        plan_id,
        product_id,
        currency,
        usage_type
    from {{ ref('int_files_plans') }}
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
                coalesce(subscriptions.service_end, cast('9999-12-31' as date))
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
        coalesce(
            subscriptions.currency, plans.currency, '{{ var("reporting_currency") }}'
        ) as currency,
        versions.billing_interval,
        versions.interval_count,
        coalesce(versions.usage_type, plans.usage_type, 'licensed') as usage_type,
        versions.valid_from as item_valid_from,
        case
            when subscriptions.past_due_from > {{ as_of_date() }} then 'active'
            else subscriptions.line_status
        end as status,
        subscriptions.past_due_from,
        subscriptions.paused_from,
        subscriptions.paused_until,
        versions.valid_from as term_start
    from versions
    inner join subscriptions
        on versions.subscription_id = subscriptions.subscription_id
    left outer join plans
        on versions.plan_id = plans.plan_id
),

cut as (
    select
        *,
        valid_from as part_from,
        valid_to as part_to,
        status as part_status
    from joined
    where status <> 'past_due'
    union all
    select
        *,
        valid_from as part_from,
        least(valid_to, past_due_from) as part_to,
        'active' as part_status
    from joined
    where status = 'past_due'
    union all
    select
        *,
        greatest(valid_from, past_due_from) as part_from,
        valid_to as part_to,
        status as part_status
    from joined
    where status = 'past_due'
),

final as (
    select
        subscription_item_id,
        part_from as valid_from,
        part_to as valid_to,
        subscription_id,
        customer_id,
        product_id,
        price_id,
        quantity,
        unit_amount,
        interval_amount,
        currency,
        billing_interval,
        interval_count,
        usage_type,
        item_valid_from,
        part_status as status,
        paused_from,
        paused_until,
        term_start
    from cut
    where part_to is null or part_to > part_from
)

select * from final
