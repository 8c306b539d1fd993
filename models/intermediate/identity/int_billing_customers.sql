-- Grain: one row per source system and key: the account that revenue of this customer counts for.
-- Ids are as before merges, unless everything is rolled up to the ultimate parent (customer_grain).
with customers as (
    select
        source_system,
        system_key,
        account_id
    from {{ ref('int_account_xref') }}
),

account_groups as (
    select
        account_id,
        revenue_account_id
    from {{ ref('int_account_groups') }}
),

final as (
    select
        customers.source_system,
        customers.system_key,
        coalesce(account_groups.revenue_account_id, customers.account_id) as account_id
    from customers
    left outer join account_groups
        on customers.account_id = account_groups.account_id
)

select * from final
