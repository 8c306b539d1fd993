-- Grain: one row per CRM account and day from which another account (or itself) answers for it.
-- An account answers for itself until it is merged, then its survivor does, then the survivor's
-- survivor: [valid_from, valid_to). Where the chain ends in an account that was deleted or that
-- the CRM does not have, it ends in 'unassigned'. A chain that comes back to itself stops there.
with recursive accounts as (
    select
        account_id,
        is_deleted,
        merged_into_account_id,
        merged_on
    from {{ ref('int_crm_accounts') }}
),

chain as (
    select
        account_id,
        account_id as owner_account_id,
        cast('1900-01-01' as date) as valid_from,
        0 as step,
        '|' || account_id || '|' as visited
    from accounts
    union all
    select
        chain.account_id,
        accounts.merged_into_account_id as owner_account_id,
        greatest(chain.valid_from, accounts.merged_on) as valid_from,
        chain.step + 1 as step,
        chain.visited || accounts.merged_into_account_id || '|' as visited
    from chain
    inner join accounts
        on chain.owner_account_id = accounts.account_id
    where
        accounts.merged_into_account_id is not null
        and chain.visited not like '%|' || accounts.merged_into_account_id || '|%'
),

steps as (
    select
        chain.account_id,
        chain.valid_from,
        case
            when accounts.account_id is null or accounts.is_deleted then 'unassigned'
            else chain.owner_account_id
        end as owner_account_id,
        lead(chain.valid_from) over (
            partition by chain.account_id
            order by chain.step
        ) as valid_to
    from chain
    left outer join accounts
        on chain.owner_account_id = accounts.account_id
),

final as (
    select
        account_id,
        owner_account_id,
        valid_from,
        valid_to
    from steps
    where valid_to is null or valid_from < valid_to
)

select * from final
