-- Grain: one row per account.
select
    account_id,
    date '2025-12-01' as month,
    arr as closing_arr
from {{ ref('stg_files__accounts') }}
