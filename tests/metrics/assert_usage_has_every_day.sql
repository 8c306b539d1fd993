-- An account has one row for each day from its first to the as-of date.
select
    account_id,
    min(usage_date) as first_day,
    max(usage_date) as last_day,
    count(*) as days
from {{ ref('fct_account_usage_day') }}
group by account_id
having
    max(usage_date) <> {{ as_of_date() }}
    or count(*) <> {{ days_between('min(usage_date)', as_of_date()) }} + 1
