select
    account_id,
    (
        select date_trunc('month', cast(value as date))
        from raw_loads.settings
        where name = 'as_of_date'
    ) as month,
    arr as closing_arr
from {{ ref('stg_files__accounts') }}
