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

holders as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        valid_from,
        valid_to
    from {{ ref('int_arr_contract_holders') }}
),

held as (
    select
        steps.*,
        coalesce(holders.contract_account_id, customers.account_id) as contract_account_id
    from steps
    left outer join holders
        on
            steps.source_system = holders.source_system
            and steps.subscription_id = holders.subscription_id
            and least(steps.starts_on, {{ as_of_date() }}) >= holders.valid_from
            and least(steps.starts_on, {{ as_of_date() }}) < holders.valid_to
    left outer join customers
        on
            steps.source_system = customers.source_system
            and steps.customer_key = customers.system_key
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
        held.source_system,
        held.subscription_id,
        coalesce(ownership.owner_account_id, held.contract_account_id, 'unassigned') as account_id,
        held.product_id,
        held.plan_id,
        held.starts_on,
        held.signed_on,
        cast(held.arr_local * plan_rates.plan_rate as decimal(18, 2)) as arr
    from held
    left outer join ownership
        on
            held.contract_account_id = ownership.account_id
            and least(held.starts_on, {{ as_of_date() }}) >= ownership.valid_from
            and least(held.starts_on, {{ as_of_date() }}) < ownership.valid_to
    inner join plan_rates
        on held.currency = plan_rates.currency
    where
        held.signed_on < held.starts_on
        and held.signed_on <= {{ as_of_date() }}
)

select * from final
