-- Grain: one row per user number and day from which it belonged to an account.
-- Who a user number is: a user of an account, one for all days unless its events name no account
-- (int_product_user_spells). Where two source keys belong to one account, a user who appears under
-- both has two numbers and one person_no, and counts once; a person is of one account. Excluded
-- users are not there, so that they count nowhere.
with spells as (
    select
        user_no,
        source_system,
        account_key,
        user_id,
        valid_from,
        valid_to
    from {{ ref('int_product_user_spells') }}
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
        spells.user_no,
        spells.source_system,
        spells.account_key,
        spells.user_id,
        spells.valid_from,
        spells.valid_to,
        accounts.account_id,
        cast(
            dense_rank() over (order by accounts.account_id, spells.user_id) as integer
        ) as person_no
    from spells
    inner join accounts
        on
            spells.source_system = accounts.source_system
            and spells.account_key = accounts.account_key
    left outer join excluded
        on spells.user_no = excluded.user_no
    where excluded.user_no is null
)

select * from final
