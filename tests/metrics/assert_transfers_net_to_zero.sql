-- What a merge takes from one account it gives to another in the same month.
select
    month,
    sum(transfer_arr) as transfer_arr
from {{ ref('fct_account_month') }}
group by month
having sum(transfer_arr) <> 0
