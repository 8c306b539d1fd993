-- `new` is the first row of an account or nothing; a later return is a reactivation.
select
    account_id,
    month
from {{ ref('fct_account_month') }}
where movement = 'new' and month <> cohort_month
