-- Grain: one row per CRM account: its parent and its ultimate parent.
-- A parent that was merged is replaced by its survivor, one that was deleted is none. Accounts
-- that are their own ancestors stand alone.
with recursive accounts as (
    select
        account_id,
        parent_account_id
    from {{ ref('int_crm_accounts') }}
    where not is_deleted
),

owners as (
    select
        {{ crm_id_key('ownership.account_id') }} as account_key,
        ownership.owner_account_id
    from {{ ref('int_account_ownership') }} as ownership
    inner join accounts
        on ownership.owner_account_id = accounts.account_id
    where ownership.valid_to is null
),

parents as (
    select
        accounts.account_id,
        case
            when owners.owner_account_id <> accounts.account_id then owners.owner_account_id
        end as parent_account_id
    from accounts
    left outer join owners
        on {{ crm_id_key('accounts.parent_account_id') }} = owners.account_key
),

ancestors as (
    select
        account_id,
        account_id as ancestor_account_id,
        parent_account_id as next_account_id,
        0 as levels,
        '|' || account_id || '|' as visited
    from parents
    union all
    select
        ancestors.account_id,
        parents.account_id as ancestor_account_id,
        parents.parent_account_id as next_account_id,
        ancestors.levels + 1 as levels,
        ancestors.visited || parents.account_id || '|' as visited
    from ancestors
    inner join parents
        on ancestors.next_account_id = parents.account_id
    where ancestors.visited not like '%|' || parents.account_id || '|%'
),

roots as (
    select
        account_id,
        ancestor_account_id,
        levels
    from ancestors
    where next_account_id is null
),

final as (
    select
        parents.account_id,
        parents.parent_account_id,
        coalesce(roots.ancestor_account_id, parents.account_id) as ultimate_parent_account_id,
        coalesce(roots.levels, 0) as levels
    from parents
    left outer join roots
        on parents.account_id = roots.account_id
)

select * from final
