-- Grain: one row per user number.
-- Who a user number is: a user of an account. Where two source keys belong to one account, a user
-- who appears under both has two numbers and one person_no, and counts once. Excluded users are not
-- there, so that they count nowhere.
with user_keys as (
    select
        user_no,
        source_system,
        coalesce(account_key, '') as account_key,
        nullif(user_id, '') as user_id
    from {{ ref('int_product_user_keys') }}
),

accounts as (
    select
        source_system,
        account_key,
        account_id
    from {{ ref('int_product_accounts') }}
),

excluded as (
    select user_no
    from {{ ref('int_product_excluded_users') }}
),

final as (
    select
        user_keys.user_no,
        user_keys.source_system,
        user_keys.account_key,
        user_keys.user_id,
        accounts.account_id,
        min(user_keys.user_no) over (
            partition by accounts.account_id, user_keys.user_id
        ) as person_no
    from user_keys
    inner join accounts
        on
            user_keys.source_system = accounts.source_system
            and user_keys.account_key = accounts.account_key
    left outer join excluded
        on user_keys.user_no = excluded.user_no
    where excluded.user_no is null
)

select * from final
