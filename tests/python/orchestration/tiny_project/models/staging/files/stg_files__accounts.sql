select
    accounts.account_id,
    accounts.account_name,
    cast(items.unit_amount as decimal(18, 2)) as arr
from {{ source('raw_files', 'accounts') }} as accounts
left join {{ source('raw_files', 'subscription_items') }} as items
    on accounts.account_id = items.subscription_id
