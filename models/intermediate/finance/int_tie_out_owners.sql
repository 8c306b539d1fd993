-- Grain: one row per billing contract and day from which another account answers for it.
-- A contract moves with its subscription to another account, and with a merge to the survivor. One
-- that is all of an account stays that account's.
{% set never = "cast('9999-12-31' as date)" %}

with contracts as (
    select
        source_system,
        contract_id,
        max(contract_account_id) as contract_account_id
    from {{ ref('int_tie_out_contracts') }}
    group by
        source_system,
        contract_id
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

ownership as (
    select
        account_id,
        owner_account_id,
        valid_from,
        coalesce(valid_to, {{ never }}) as valid_to
    from {{ ref('int_account_ownership') }}
),

held as (
    select
        contracts.source_system,
        contracts.contract_id,
        coalesce(holders.contract_account_id, contracts.contract_account_id)
            as contract_account_id,
        coalesce(holders.valid_from, cast('1900-01-01' as date)) as held_from,
        coalesce(holders.valid_to, {{ never }}) as held_to
    from contracts
    left outer join holders
        on
            contracts.source_system = holders.source_system
            and contracts.contract_id = holders.subscription_id
),

final as (
    select
        held.source_system,
        held.contract_id,
        coalesce(ownership.owner_account_id, held.contract_account_id) as account_id,
        greatest(held.held_from, coalesce(ownership.valid_from, held.held_from)) as valid_from,
        least(held.held_to, coalesce(ownership.valid_to, held.held_to)) as valid_to
    from held
    left outer join ownership
        on
            held.contract_account_id = ownership.account_id
            and held.held_to > ownership.valid_from
            and held.held_from < ownership.valid_to
)

select * from final
