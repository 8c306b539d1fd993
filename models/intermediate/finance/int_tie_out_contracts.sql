-- Grain: one row per billing system and subscription: the contract its bills are compared with.
-- A contract is a subscription. Where an account has recurring invoice lines that name no
-- subscription, all of the account is one contract.
with intervals as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        max(currency) as currency
    from {{ ref('int_arr_line_intervals') }}
    group by
        source_system,
        subscription_id,
        contract_account_id
),

lines as (
    select
        source_system,
        subscription_id,
        contract_account_id,
        line_kind
    from {{ ref('int_finance_service_lines') }}
),

accounts_as_contracts as (
    select distinct
        source_system,
        contract_account_id
    from lines
    where
        subscription_id is null
        and line_kind = 'recurring'
),

subscriptions as (
    select
        source_system,
        subscription_id,
        contract_account_id
    from intervals
    union
    select
        source_system,
        subscription_id,
        contract_account_id
    from lines
    where subscription_id is not null
    union
    select
        source_system,
        cast(null as varchar) as subscription_id,
        contract_account_id
    from accounts_as_contracts
),

final as (
    select
        subscriptions.source_system,
        subscriptions.subscription_id,
        subscriptions.contract_account_id,
        intervals.currency as contract_currency,
        case
            when accounts_as_contracts.contract_account_id is null
                then subscriptions.subscription_id
            else 'account ' || subscriptions.contract_account_id
        end as contract_id
    from subscriptions
    left outer join accounts_as_contracts
        on
            subscriptions.source_system = accounts_as_contracts.source_system
            and subscriptions.contract_account_id = accounts_as_contracts.contract_account_id
    left outer join intervals
        on
            subscriptions.source_system = intervals.source_system
            and subscriptions.subscription_id = intervals.subscription_id
            and subscriptions.contract_account_id = intervals.contract_account_id
)

select * from final
