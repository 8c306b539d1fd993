-- Grain: one row per account.
with accounts as (
    select account_id
    from {{ source('raw_files', 'accounts') }}
    qualify row_number() over (partition by account_id order by _dlt_load_id desc) = 1
),

items as (
    select
        subscription_id,
        unit_amount
    from {{ source('raw_files', 'subscription_items') }}
    qualify row_number() over (partition by subscription_id order by _dlt_load_id desc) = 1
)

select
    accounts.account_id,
    cast(items.unit_amount as decimal(18, 2)) as arr
from accounts
inner join items
    on accounts.account_id = items.subscription_id
