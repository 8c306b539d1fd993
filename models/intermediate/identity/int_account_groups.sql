-- Grain: one row per CRM account: the account that its revenue counts for.
-- Itself; with customer_grain ultimate_parent, the account at the top of its group. The group is
-- that of the as-of date for all of history: a new parent moves no ARR, it restates the past.
with accounts as (
    select
        account_id,
        is_deleted
    from {{ ref('int_crm_accounts') }}
),

owners as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null and owner_account_id <> 'unassigned'
),

parents as (
    select
        account_id,
        ultimate_parent_account_id
    from {{ ref('int_crm_account_parents') }}
),

final as (
    select
        accounts.account_id,
        case
            when '{{ var("customer_grain") }}' = 'ultimate_parent'
                then coalesce(parents.ultimate_parent_account_id, accounts.account_id)
            else accounts.account_id
        end as revenue_account_id
    from accounts
    left outer join owners
        on accounts.account_id = owners.account_id
    left outer join parents
        on owners.owner_account_id = parents.account_id
)

select * from final
