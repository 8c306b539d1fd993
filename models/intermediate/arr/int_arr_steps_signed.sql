-- Grain: one row per subscription and day on which more was signed to begin than runs before it.
-- In the reporting currency at the plan rate, for the account that answers for the subscription on
-- that day, or now where it lies ahead. Only files say what lies ahead within a subscription.
with steps as (
    select
        source_system,
        subscription_id,
        customer_key,
        currency,
        starts_on,
        signed_on,
        product_id,
        plan_id,
        arr_local
    from {{ ref('int_billing_steps') }}
),

customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_billing_customers') }}
),

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
    from {{ ref('int_account_ownership') }}
),

plan_rates as (
    select
        currency,
        plan_rate
    from {{ ref('int_fx_plan_rates') }}
),

final as (
    select
        steps.source_system,
        steps.subscription_id,
        coalesce(ownership.owner_account_id, customers.account_id, 'unassigned') as account_id,
        steps.product_id,
        steps.plan_id,
        steps.starts_on,
        steps.signed_on,
        cast(steps.arr_local * plan_rates.plan_rate as decimal(18, 2)) as arr
    from steps
    left outer join customers
        on
            steps.source_system = customers.source_system
            and steps.customer_key = customers.system_key
    left outer join ownership
        on
            customers.account_id = ownership.account_id
            and least(steps.starts_on, {{ as_of_date() }}) >= ownership.valid_from
            and least(steps.starts_on, {{ as_of_date() }}) < ownership.valid_to
    inner join plan_rates
        on steps.currency = plan_rates.currency
    where
        steps.signed_on < steps.starts_on
        and steps.signed_on <= {{ as_of_date() }}
)

select * from final
