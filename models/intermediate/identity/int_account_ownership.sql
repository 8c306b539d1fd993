-- Grain: one row per CRM account and day from which another account (or itself) answers for it.
-- An account answers for itself until it is merged, then its survivor does, then the survivor's
-- survivor: [valid_from, valid_to). A deleted account goes on answering for its history; where the
-- chain ends in an account that the CRM does not have, it ends in 'unassigned'. A chain that comes
-- back to itself stops there.
with recursive accounts as (
    select account_id
    from {{ ref('int_crm_accounts') }}
),

account_merges as (
    select
        account_id,
        merged_into_account_id,
        merged_on,
        coalesce(merged_until, cast('9999-12-31' as date)) as merged_until
    from {{ ref('int_account_merges') }}
),

chain as (
    select
        account_id,
        account_id as owner_account_id,
        cast('1900-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to,
        0 as step,
        '|' || account_id || '|' as visited
    from accounts
    union all
    select
        chain.account_id,
        account_merges.merged_into_account_id as owner_account_id,
        greatest(chain.valid_from, account_merges.merged_on) as valid_from,
        least(chain.valid_to, account_merges.merged_until) as valid_to,
        chain.step + 1 as step,
        chain.visited || account_merges.merged_into_account_id || '|' as visited
    from chain
    inner join account_merges
        on
            chain.owner_account_id = account_merges.account_id
            and chain.valid_from < account_merges.merged_until
            and chain.valid_to > account_merges.merged_on
    where chain.visited not like '%|' || account_merges.merged_into_account_id || '|%'
),

bounds as (
    select
        account_id,
        valid_from as day_from
    from chain
    union
    select
        account_id,
        valid_to as day_from
    from chain
),

-- Who is furthest down the chain on that day.
owners as (
    select
        bounds.account_id,
        bounds.day_from,
        max_by(
            case
                when accounts.account_id is null then 'unassigned'
                else chain.owner_account_id
            end, chain.step
        ) as owner_account_id
    from bounds
    inner join chain
        on
            bounds.account_id = chain.account_id
            and bounds.day_from >= chain.valid_from
            and bounds.day_from < chain.valid_to
    left outer join accounts
        on chain.owner_account_id = accounts.account_id
    group by
        bounds.account_id,
        bounds.day_from
),

ordered as (
    select
        *,
        lag(owner_account_id) over (partition by account_id order by day_from) as owner_before
    from owners
),

final as (
    select
        account_id,
        owner_account_id,
        day_from as valid_from,
        lead(day_from) over (partition by account_id order by day_from) as valid_to
    from ordered
    where owner_before is distinct from owner_account_id
)

select * from final
