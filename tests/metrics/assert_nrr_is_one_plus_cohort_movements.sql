-- NRR walked: the cohort's opening plus what its members moved in the twelve months, or the three,
-- is what they bring now.
{{ config(meta={'dagster': {'ref': {'name': 'fct_account_retention_month'}}}) }}

with cohorts as (
    select
        12 as months,
        account_id,
        month,
        opening_arr,
        retained_arr
    from {{ ref('fct_account_retention_month') }}
    union all
    select
        3 as months,
        account_id,
        month,
        opening_arr,
        retained_arr
    from {{ ref('fct_account_retention_3m') }}
),

account_months as (
    select
        account_id,
        month,
        closing_arr - opening_arr as moved_arr
    from {{ ref('fct_account_month') }}
),

-- Merged accounts move ARR by transfer and are counted under their survivor: left out here.
merged as (
    select account_id
    from {{ ref('int_account_survivors') }}
    union
    select survivor_account_id as account_id
    from {{ ref('int_account_survivors') }}
),

walked as (
    select
        cohorts.months,
        cohorts.month,
        sum(account_months.moved_arr) as moved_arr
    from cohorts
    inner join account_months
        on
            cohorts.account_id = account_months.account_id
            and cohorts.month >= account_months.month
            and cast({{ dbt.dateadd('month', '1 - cohorts.months', 'cohorts.month') }} as date)
            <= account_months.month
    where cohorts.account_id not in (select merged.account_id from merged)
    group by
        cohorts.months,
        cohorts.month
),

unmerged as (
    select
        months,
        month,
        sum(opening_arr) as opening_arr,
        sum(retained_arr) as retained_arr
    from cohorts
    where account_id not in (select merged.account_id from merged)
    group by
        months,
        month
)

select
    unmerged.months,
    unmerged.month,
    unmerged.opening_arr,
    walked.moved_arr,
    unmerged.retained_arr
from unmerged
left outer join walked
    on
        unmerged.months = walked.months
        and unmerged.month = walked.month
where unmerged.opening_arr + coalesce(walked.moved_arr, 0) <> unmerged.retained_arr
