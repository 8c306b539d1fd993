-- Grain: one row per account and price.
select
    subscription_id as account_id,
    cast(unit_amount as decimal(18, 2)) as price
from {{ source('raw_files', 'subscription_items') }}
