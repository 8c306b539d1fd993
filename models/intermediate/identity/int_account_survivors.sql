-- Grain: one row per CRM account that was merged into another by the as-of date.
-- Chains are followed to their end; merged_on is the day of the account's own merge.
with accounts as (
    select
        account_id,
        merged_on
    from {{ ref('int_crm_accounts') }}
    where merged_into_account_id is not null
),

owners as (
    select
        account_id,
        owner_account_id
    from {{ ref('int_account_ownership') }}
    where valid_to is null
),

final as (
    select
        accounts.account_id,
        owners.owner_account_id as survivor_account_id,
        accounts.merged_on
    from accounts
    inner join owners
        on accounts.account_id = owners.account_id
    where owners.owner_account_id <> accounts.account_id
)

select * from final
