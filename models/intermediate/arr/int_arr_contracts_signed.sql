-- Grain: one row per subscription that was signed before the day on which it starts.
-- Signed: when billing says so (Stripe: when the subscription became known), or, for the first
-- contract of an account, when the opportunity that won it closed. A contract that lies ahead
-- and says neither is signed by the as-of date, unless that is pinned to the past. What it is
-- worth is its ARR on its first day; a trial is worth nothing.
{% set columns = {
    'subscription_id': 'varchar',
    'customer_key': 'varchar',
    'started_on': 'date',
    'signed_on': 'date',
} %}
{% set unknown = "cast(null as date)" if is_as_of_pinned() else as_of_date() %}

with intervals as (
    select
        source_system,
        subscription_id,
        account_id,
        product_id,
        plan_id,
        valid_from,
        arr
    from {{ ref('int_arr_line_intervals') }}
),

subscriptions as (
    {{ union_systems(
        'billing',
        {'stripe': 'int_stripe_subscriptions', 'files': 'int_files_subscriptions'},
        columns
    ) }}
),

customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
),

opportunities as (
    select
        account_id,
        close_date
    from {{ ref('int_crm_opportunities') }}
    where
        opportunity_type = 'new'
        and is_won
),

account_groups as (
    select
        account_id,
        revenue_account_id
    from {{ ref('int_account_groups') }}
),

account_merges as (
    select
        account_id,
        survivor_account_id
    from {{ ref('int_account_survivors') }}
),

starts as (
    select
        source_system,
        subscription_id,
        min(valid_from) as starts_on
    from intervals
    group by
        source_system,
        subscription_id
),

contracts as (
    select
        starts.source_system,
        starts.subscription_id,
        starts.starts_on,
        max_by(intervals.account_id, intervals.arr) as account_id,
        max_by(intervals.product_id, intervals.arr) as product_id,
        max_by(intervals.plan_id, intervals.arr) as plan_id,
        sum(intervals.arr) as arr
    from starts
    inner join intervals
        on
            starts.source_system = intervals.source_system
            and starts.subscription_id = intervals.subscription_id
            and starts.starts_on = intervals.valid_from
    group by
        starts.source_system,
        starts.subscription_id,
        starts.starts_on
    having sum(intervals.arr) > 0
),

-- The first contract of all that the account of today answers for. A trial, or a contract that
-- was over at once, comes first too: what follows it was not waited for.
firsts as (
    select
        coalesce(account_merges.survivor_account_id, customers.account_id) as account_id,
        min(subscriptions.started_on) as first_start
    from subscriptions
    inner join customers
        on
            subscriptions.source_system = customers.source_system
            and subscriptions.customer_key = customers.system_key
    left outer join account_merges
        on customers.account_id = account_merges.account_id
    group by coalesce(account_merges.survivor_account_id, customers.account_id)
),

won as (
    select
        firsts.account_id,
        firsts.first_start,
        max(opportunities.close_date) as won_on
    from firsts
    inner join account_groups
        on firsts.account_id = account_groups.revenue_account_id
    inner join opportunities
        on
            account_groups.account_id = opportunities.account_id
            and firsts.first_start > opportunities.close_date
            and {{ add_days('firsts.first_start', -365) }} <= opportunities.close_date
    where firsts.account_id <> 'unassigned'
    group by
        firsts.account_id,
        firsts.first_start
),

dated as (
    select
        contracts.*,
        least(
            coalesce(subscriptions.signed_on, won.won_on, {{ unknown }}, contracts.starts_on),
            coalesce(won.won_on, contracts.starts_on)
        ) as signed_on
    from contracts
    left outer join account_merges
        on contracts.account_id = account_merges.account_id
    left outer join subscriptions
        on
            contracts.source_system = subscriptions.source_system
            and contracts.subscription_id = subscriptions.subscription_id
    left outer join won
        on
            coalesce(account_merges.survivor_account_id, contracts.account_id) = won.account_id
            and contracts.starts_on = won.first_start
),

final as (
    select
        source_system,
        subscription_id,
        account_id,
        product_id,
        plan_id,
        starts_on,
        signed_on,
        arr
    from dated
    where
        signed_on < starts_on
        and signed_on <= {{ as_of_date() }}
)

select * from final
